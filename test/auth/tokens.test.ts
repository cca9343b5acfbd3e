import { generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createTokens, type Tokens } from "../../src/auth/tokens.ts";

const secret = "a secret of at least thirty-two characters";
const otherSecret = "another secret of at least 32 characters";
const start = new Date("2025-01-01T12:00:00Z");
const subject = { accountId: "account-1", user: "ada", epoch: 3 };

/** Tokens under a clock that the test moves. */
function createClockedTokens(options: { secret?: string; previousSecret?: string } = {}) {
  const clock = { now: start };
  let ids = 0;
  const newId = () => `token-${++ids}`;
  return { clock, tokens: createTokens({ secret, ...options, now: () => clock.now, newId }) };
}

const parts = (token: string) => token.split(".") as [header: string, payload: string, signature: string];
const decode = (part: string) =>
  JSON.parse(Buffer.from(part, "base64url").toString()) as JWTHeaderParameters & JWTPayload; // a token's own parts
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A good token's payload and header, changed and signed anew with the right key. */
async function forge(tokens: Tokens, payload: object, header: object = {}) {
  const { token } = await tokens.issue(subject);
  const [goodHeader, goodPayload] = parts(token);
  return new SignJWT({ ...decode(goodPayload), ...payload })
    .setProtectedHeader({ ...decode(goodHeader), ...header })
    .sign(Buffer.from(secret));
}

describe("a token", () => {
  test("says who logged in, for a day, and has an id of its own", async () => {
    const { tokens } = createClockedTokens();
    const { token, expiresAt } = await tokens.issue(subject);
    expect(expiresAt).toEqual(new Date("2025-01-02T12:00:00Z"));
    expect(await tokens.verify(token)).toEqual({ ...subject, agentId: null, tokenId: "token-1", expiresAt });
    expect(decode(parts(token)[0])).toMatchObject({ alg: "HS256", typ: "JWT" });
  });

  test("for a worker names its agent and lasts as long as asked, at most 30 days", async () => {
    const { tokens } = createClockedTokens();
    const { token } = await tokens.issue({ ...subject, agentId: "agent-1", ttlSeconds: 60 });
    const expiresAt = new Date("2025-01-01T12:01:00Z");
    expect(await tokens.verify(token)).toMatchObject({ agentId: "agent-1", expiresAt });
    const long = await tokens.issue({ ...subject, agentId: "agent-1", ttlSeconds: 1e9 });
    expect(long.expiresAt).toEqual(new Date("2025-01-31T12:00:00Z"));
  });

  test("is refused from the moment it expires, also when it was seen before", async () => {
    const { tokens, clock } = createClockedTokens();
    const { token, expiresAt } = await tokens.issue(subject);
    await tokens.verify(token);
    clock.now = new Date(expiresAt.getTime() - 1);
    expect(tokens.recall(token)).toBeDefined();
    clock.now = expiresAt;
    expect(tokens.recall(token)).toBeUndefined();
    expect(await tokens.verify(token)).toBeNull();
  });

  test("is remembered by whoever made it, and by others only after it was verified", async () => {
    const [{ tokens: maker }, { tokens: other }] = [createClockedTokens(), createClockedTokens()];
    const { token } = await maker.issue(subject);
    expect(maker.recall(token)).toEqual(await maker.verify(token));
    expect(other.recall(token)).toBeUndefined();
    const claims = await other.verify(token);
    expect(other.recall(token)).toBe(claims);
  });

  test("that was tampered with in any part is refused", async () => {
    const { tokens } = createClockedTokens();
    const [header, payload, signature] = parts((await tokens.issue(subject)).token);
    const another = encode({ ...decode(payload), sub: "account-2" });
    const flipped = (signature[0] === "A" ? "B" : "A") + signature.slice(1);
    for (const forged of [
      `${header}.${another}.${signature}`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}.`,
    ]) {
      expect(tokens.recall(forged)).toBeUndefined();
      expect(await tokens.verify(forged)).toBeNull();
    }
  });

  test("without a signature (alg none) or signed by a public key is refused", async () => {
    const { tokens } = createClockedTokens();
    const [header, payload] = parts((await tokens.issue(subject)).token);
    const none = encode({ ...decode(header), alg: "none" });
    expect(await tokens.verify(`${none}.${payload}.`)).toBeNull();
    const { privateKey } = await generateKeyPair("RS256");
    const rs256 = await new SignJWT(decode(payload))
      .setProtectedHeader({ ...decode(header), alg: "RS256" })
      .sign(privateKey);
    expect(await tokens.verify(rs256)).toBeNull();
  });

  test.each([
    ["another issuer", { iss: "someone" }, {}],
    ["another audience", { aud: "something" }, {}],
    ["no expiry", { exp: undefined }, {}],
    ["no id", { jti: undefined }, {}],
    ["no epoch", { epoch: undefined }, {}],
    ["an epoch that is no number", { epoch: "3" }, {}],
    ["no kind", { kind: undefined }, {}],
    ["the kind of a worker without an agent", { kind: "worker" }, {}],
    ["an agent without the kind of a worker", { agent: "agent-1" }, {}],
    ["another algorithm of the same family", {}, { alg: "HS512" }],
    ["another type", {}, { typ: "at+jwt" }],
    ["an unknown key's id", {}, { kid: "unknown" }],
    ["no key's id", {}, { kid: undefined }],
  ])("with %s is refused although its signature is right", async (_what, payload, header) => {
    const { tokens } = createClockedTokens();
    expect(await tokens.verify(await forge(tokens, {}))).not.toBeNull();
    expect(await tokens.verify(await forge(tokens, payload, header))).toBeNull();
  });

  test.each(["", "x", "a.b.c", "....", "é".repeat(5000)])("that is no token is refused: %.20s", async (text) => {
    const { tokens } = createClockedTokens();
    expect(await tokens.verify(text)).toBeNull();
    expect(tokens.recall(text)).toBeUndefined();
  });
});

describe("changing the signing secret", () => {
  test("keeps tokens of the previous secret good while it is configured, and signs with the new one", async () => {
    const before = createClockedTokens({ secret: otherSecret }).tokens;
    const during = createClockedTokens({ secret, previousSecret: otherSecret }).tokens;
    const after = createClockedTokens({ secret }).tokens;
    const { token: old } = await before.issue(subject);
    const { token: recent } = await during.issue(subject);

    expect(await during.verify(old)).toMatchObject(subject);
    expect(await after.verify(old)).toBeNull();
    expect(await after.verify(recent)).toMatchObject(subject);
    expect(await before.verify(recent)).toBeNull();
  });

  test("names the key in the token without giving it away", async () => {
    const [first, again, other] = await Promise.all(
      [secret, secret, otherSecret].map(async (key) => {
        const { token } = await createClockedTokens({ secret: key }).tokens.issue(subject);
        return decode(parts(token)[0]).kid;
      }),
    );
    expect(first).toBe(again);
    expect(first).not.toBe(other);
    expect(secret).not.toContain(first);
  });
});
