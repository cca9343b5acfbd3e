import { createHmac, createSecretKey, type webcrypto } from "node:crypto";
import { type JWTHeaderParameters, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";

/** What a token says, once its signature, issuer, audience and expiry were found good. */
export interface Claims {
  readonly tokenId: string;
  /** The account that logged in, or that made the worker's token. */
  readonly accountId: string;
  readonly user: string;
  /** The account's `tokenEpoch` when the token was made. */
  readonly epoch: number;
  /** The agent that a worker's token is for; `null` for an account's own token. */
  readonly agentId: string | null;
  readonly expiresAt: Date;
}

/** Whom a token is for. */
export type TokenSubject = Pick<Claims, "accountId" | "user" | "epoch"> & {
  readonly agentId?: string;
  /** Default: a day. At most 30 days. */
  readonly ttlSeconds?: number;
};

/** A signed token with what its receiver wants to know of it. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Signs and checks bearer tokens (JWT, HS256). */
export interface Tokens {
  issue(subject: TokenSubject): Promise<IssuedToken>;
  /** `null` for anything but a good token of this gateway; the reason is nobody's business. */
  verify(token: string): Promise<Claims | null>;
  /** The claims of a token that was made or verified here and has not expired since; the same object each time. */
  recall(token: string): Claims | undefined;
}

/** What tokens are made from. The previous secret only verifies, while the secret is being changed. */
export interface TokenOptions {
  readonly secret: string;
  readonly previousSecret?: string | null;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** How long a token lasts unless told otherwise, and at most. */
export const tokenLifeSeconds = { usual: 86_400, most: 30 * 86_400 } as const;

const issuer = "raworc-gateway";
const audience = "raworc-api";
const algorithm = "HS256";
const longestToken = 4096;
const remembered = 10_000;
/** A signature of HS256: 32 bytes in base64url. */
const signatureLength = 43;

const payloadSchema = z.object({
  jti: z.string(),
  sub: z.string(),
  user: z.string(),
  epoch: z.int(),
  agent: z.string().optional(),
  kind: z.enum(["account", "worker"]),
  exp: z.int(),
});

/** Good tokens, the last {@link remembered} that were used. */
class KnownTokens {
  // Found by their ends: a map looks at each letter of a text that it is asked for, and tells tokens apart by these.
  readonly #bySignature = new LRUCache<string, { readonly token: string; readonly claims: Claims }>({
    max: remembered,
  });

  claimsOf(token: string): Claims | undefined {
    const found = this.#bySignature.get(token.slice(-signatureLength));
    return found?.token === token ? found.claims : undefined;
  }

  add(token: string, claims: Claims): void {
    this.#bySignature.set(token.slice(-signatureLength), { token, claims });
  }
}

/**
 * Makes what signs and checks tokens. Good ones are remembered as they are: hashing each would take longer than all
 * else that is looked at of a caller, and hide nothing from whoever reads this memory, which has the secret in it.
 */
export function createTokens({ secret, previousSecret, now, newId }: TokenOptions): Tokens {
  const current = signingKey(secret);
  const keys = new Map([...(previousSecret ? [signingKey(previousSecret)] : []), current].map((key) => [key.id, key]));
  const known = new KnownTokens();

  const keyNamed = (id: string | undefined): webcrypto.CryptoKey => {
    const key = keys.get(id ?? "");
    if (!key) throw new Error("The token names a key this gateway does not have");
    return key.secret;
  };

  return {
    async issue({ accountId, user, epoch, agentId, ttlSeconds = tokenLifeSeconds.usual }) {
      const issuedAt = Math.floor(now().getTime() / 1000);
      const endsAt = issuedAt + Math.min(ttlSeconds, tokenLifeSeconds.most);
      const [tokenId, expiresAt] = [newId(), new Date(endsAt * 1000)];
      const kind = agentId === undefined ? "account" : "worker";
      const token = await new SignJWT({ user, epoch, kind, ...(agentId === undefined ? {} : { agent: agentId }) })
        .setProtectedHeader({ typ: "JWT", alg: algorithm, kid: current.id })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(accountId)
        .setJti(tokenId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(endsAt)
        .sign(current.secret);
      known.add(token, { tokenId, accountId, user, epoch, agentId: agentId ?? null, expiresAt });
      return { token, expiresAt };
    },

    async verify(token) {
      if (token.length > longestToken) return null;
      const claims = await verified(token, keyNamed, now());
      if (claims) known.add(token, claims);
      return claims;
    },

    recall(token) {
      const claims = token.length > longestToken ? undefined : known.claimsOf(token);
      return claims && now().getTime() < claims.expiresAt.getTime() ? claims : undefined;
    },
  };
}

interface SigningKey {
  readonly id: string;
  readonly secret: webcrypto.CryptoKey;
}

/** The key's id is derived from it, so that replicas with the same secret agree without being told. */
const signingKey = (secret: string): SigningKey => ({
  id: createHmac("sha256", secret).update("token key id").digest("base64url").slice(0, 16),
  // As jose uses it: it would make one of these of any other for each token.
  secret: createSecretKey(Buffer.from(secret)).toCryptoKey({ name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]),
});

async function verified(
  token: string,
  keyNamed: (id?: string) => webcrypto.CryptoKey,
  at: Date,
): Promise<Claims | null> {
  const options = { algorithms: [algorithm], issuer, audience, currentDate: at, typ: "JWT" };
  const checked = await jwtVerify(token, (header: JWTHeaderParameters) => keyNamed(header.kid), options).catch(
    () => null,
  );
  const parsed = payloadSchema.safeParse(checked?.payload);
  if (!parsed.success) return null;
  const { jti, sub, user, epoch, agent, kind, exp } = parsed.data;
  if ((kind === "worker") !== (agent !== undefined)) return null;
  return { tokenId: jti, accountId: sub, user, epoch, agentId: agent ?? null, expiresAt: new Date(exp * 1000) };
}
