import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { isPublic } from "../../src/engines/model/address.ts";
import { type Reply, say } from "../support/model-server.ts";
import { type ModelRoom, openModelRoom } from "./model-room.ts";

const KEY = "sk-of-a-secret";
const refused = {
  status: "failed",
  failure: {
    reason: "MODEL_UNAVAILABLE",
    message:
      "OPENAI_BASE_URL, a secret, leads to an address that is not public; " +
      "the gateway's operator can allow its host in RAWORC_MODEL_HOSTS",
    evidence: { provider: "openai", model: "m", attempts: 1 },
  },
};

/** A room whose operator gave no URL, and has these hosts listed. */
const openRoom = (replies: readonly Reply[], hosts = "") =>
  openModelRoom(replies, { settings: readConfig({ RAWORC_MODEL: "m", RAWORC_MODEL_HOSTS: hosts }).model });
const portOf = ({ server }: ModelRoom) => new URL(server.baseUrl).port;
const answerAt = (room: ModelRoom, baseUrl: string) =>
  room.engine.answer(room.job({ environment: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: baseUrl } }));

describe("a base URL that is a secret", () => {
  test.each([
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "0.0.0.0",
    "[::]",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "169.254.169.254",
    "10.0.0.1",
    "[fd00:ec2::254]",
  ])("never leads the gateway to %s", async (host) => {
    await using room = await openRoom([say("reached")]);
    const outcome = await answerAt(room, `http://${host}:${portOf(room)}/v1`);
    expect(outcome).toEqual(refused);
    expect(room.server.requests).toEqual([]);
    expect(room.waitsMs).toEqual([]);
    expect(JSON.stringify([outcome, room.logged])).not.toContain(KEY);
  });

  test("never leads the gateway there over https either", async () => {
    await using room = await openRoom([]);
    for (const host of ["localhost", "127.0.0.1"]) {
      expect(await answerAt(room, `https://${host}:${portOf(room)}/v1`)).toMatchObject(refused);
    }
  });

  test.each(["127.0.0.1", "localhost"])("does not lead there by a redirect to %s", async (host) => {
    const other = host === "localhost" ? "127.0.0.1" : "localhost";
    await using room = await openRoom([], other);
    const location = `http://${host}:${portOf(room)}/v1/elsewhere`;
    room.server.script({ status: 307, headers: { location } }, say("reached"));
    expect(await answerAt(room, `http://${other}:${portOf(room)}/v1`)).toMatchObject(refused);
    expect(room.server.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions"]);
  });

  test.each([
    ["by its name", (port: string) => ["localhost", `http://LOCALHOST:${port}/v1`]],
    ["by its name, in capitals", (port: string) => ["Localhost", `http://localhost:${port}/v1`]],
    ["by its name and port", (port: string) => [`else, localhost:${port}`, `http://localhost:${port}/v1`]],
    ["by its address", (port: string) => ["127.0.0.1", `http://127.0.0.1:${port}/v1`]],
    ["by its address in another form", (port: string) => ["127.0.0.1", `http://2130706433:${port}/v1`]],
  ] as const)("leads to a host that the operator lists %s", async (_how, of) => {
    await using probe = await openRoom([say("Hello")]);
    const [hosts = "", url = ""] = of(portOf(probe));
    const settings = readConfig({ RAWORC_MODEL: "m", RAWORC_MODEL_HOSTS: hosts }).model;
    await using room = await openModelRoom([], { settings });
    expect(await answerAt(room, url)).toMatchObject({ status: "completed", text: "Hello" });
    expect(probe.server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test("does not lead to another port of a host that is listed with one", async () => {
    await using room = await openRoom([say("reached")], "localhost:1, [::1]");
    expect(await answerAt(room, `http://localhost:${portOf(room)}/v1`)).toMatchObject(refused);
  });

  test("that carries a password, or is of another protocol, is refused and not repeated", async () => {
    await using room = await openRoom([]);
    for (const url of ["http://user:hunter2@example.com/v1", "ftp://hunter2.example.com", "file:///hunter2"]) {
      const outcome = await answerAt(room, url);
      expect(outcome).toMatchObject({ failure: { reason: "MODEL_UNAVAILABLE" } });
      expect(JSON.stringify(outcome)).toContain("correct the secret");
      expect(JSON.stringify(outcome)).not.toContain("hunter2");
    }
    expect(room.waitsMs).toEqual([]);
  });

  test("may not have a gateway work through an answer without an end", async () => {
    const nothing = { kind: "rawChunk", data: `{"choices":[],"padding":"${"x".repeat(17 * 1024 * 1024)}"}` } as const;
    const endless: Reply = { acts: [nothing, nothing, nothing, nothing] };
    await using room = await openModelRoom([endless], {
      settings: readConfig({ RAWORC_MODEL: "m", RAWORC_MODEL_HOSTS: "127.0.0.1" }).model,
    });
    expect(await answerAt(room, room.server.baseUrl)).toMatchObject({
      failure: { reason: "MODEL_ERROR", message: expect.stringContaining("on and on"), evidence: { attempts: 1 } },
    });
  });
});

describe("the operator's own base URL", () => {
  test("is trusted, also with a key out of the secrets", async () => {
    await using room = await openModelRoom([say("Hello")]);
    const job = room.job({ environment: { OPENAI_API_KEY: KEY } });
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "Hello" });
  });

  test("gets the operator's key, and one that a secret names never does", async () => {
    await using elsewhere = await openRoom([say("stolen")]);
    await using room = await openModelRoom([say("Hello")]);
    const job = room.job({ environment: { OPENAI_BASE_URL: elsewhere.server.baseUrl } });
    expect(await room.engine.answer(job)).toMatchObject({ text: "Hello" });
    expect(elsewhere.server.requests).toEqual([]);
  });
});

test.each([
  ["8.8.8.8", true],
  ["2606:4700::1111", true],
  ["::ffff:8.8.8.8", true],
  ["::ffff:10.0.0.1", false],
  ["::10.0.0.1", false],
  ["::a00:1", false],
  ["4000::1", false],
  ["100.64.0.1", false],
  ["172.16.0.1", false],
  ["192.168.1.1", false],
  ["198.18.0.1", false],
  ["224.0.0.1", false],
  ["240.0.0.1", false],
  ["255.255.255.255", false],
  ["64:ff9b::7f00:1", false],
  ["2002:7f00:1::", false],
  ["fe80::1%eth0", false],
  ["fec0::1", false],
  ["fd00::1", false],
  ["ff02::1", false],
  ["not an address", false],
])("%s is a public address: %s", (address, expected) => {
  expect(isPublic(address)).toBe(expected);
});

test("a list of hosts that cannot be one is refused at the start", () => {
  for (const hosts of ["http://localhost", "localhost/v1", "::1", "a b", "user@host", "host:"]) {
    expect(() => readConfig({ RAWORC_MODEL_HOSTS: hosts })).toThrow(/RAWORC_MODEL_HOSTS/);
  }
});
