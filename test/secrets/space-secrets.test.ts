import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, answerOf, createAgent, createSpace, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const lines: string[] = [];
const gateway = await startTestGateway({
  env: { LOG_LEVEL: "trace" },
  logTo: { write: (line) => void lines.push(line) },
});
afterAll(() => gateway.stop());

const planted = ["planted-first-4be1d0", "planted-second-77c0aa", "planted-refused-0dd9e2"] as const;
const fields = "space key value description createdBy createdAt updatedAt";
const creation = `mutation ($input: SecretInput!) { createSecret(input: $input) { ${fields} } }`;
const setting = `mutation ($input: SecretInput!) { setSecret(input: $input) { ${fields} } }`;
const updating = `mutation ($space: ID!, $key: ID!, $input: UpdateSecretInput!) {
  updateSecret(space: $space, key: $key, input: $input) { ${fields} }
}`;
const deletion = `mutation ($space: ID!, $key: ID!) { deleteSecret(space: $space, key: $key) { space key } }`;
const reading = `query ($space: ID!, $key: ID!, $show: Boolean) {
  secret(space: $space, key: $key, showValue: $show) { ${fields} }
}`;
const listing = `query ($space: ID!, $show: Boolean) {
  secrets(space: $space, showValues: $show) { nodes { key value } totalCount }
}`;

const create = async (space: string, key: string, value: string, more: object = {}) =>
  (await gateway.data(creation, { input: { space, key, value, ...more } })).createSecret;
const read = async (space: string, key: string, show?: boolean, token?: string) =>
  (await gateway.data(reading, { space, key, show }, token)).secret;
const eventsOf = async (stream: string) =>
  gateway.gateway.store.event.findMany({ where: { stream }, orderBy: { seq: "asc" } });

beforeAll(async () => {
  await createSpace(gateway, "vault");
  await createSpace(gateway, "other");
});

describe("a secret of a space", () => {
  test("is made, read, changed and deleted, each with an event that has no value", async () => {
    const made = await create("vault", "WHOLE", planted[0], { description: "All of it" });
    expect(made).toMatchObject({
      space: "vault",
      key: "WHOLE",
      value: null,
      description: "All of it",
      createdBy: "admin",
    });
    expect(await read("vault", "WHOLE")).toEqual(made);
    expect(await read("vault", "WHOLE", true)).toEqual({ ...made, value: planted[0] });

    await gateway.clock.advance(5);
    const place = { space: "vault", key: "WHOLE" };
    const changed = (await gateway.data(updating, { ...place, input: { value: planted[1] } })).updateSecret;
    expect(changed).toMatchObject({ value: null, description: "All of it", createdAt: made.createdAt });
    expect(changed.updatedAt > made.updatedAt).toBe(true);
    await gateway.data(updating, { ...place, input: { description: null } });
    expect(await read("vault", "WHOLE", true)).toMatchObject({ value: planted[1], description: null });

    expect((await gateway.data(deletion, place)).deleteSecret).toEqual(place);
    expect(await refusalOf(gateway, reading, place)).toEqual({ code: "NOT_FOUND" });
    const events = await eventsOf("secret:vault/WHOLE");
    expect(events.map(({ type }) => type)).toEqual([
      "secret.created",
      "secret.changed",
      "secret.changed",
      "secret.deleted",
    ]);
    for (const { space, actor, payload } of events) {
      expect([space, actor]).toEqual(["vault", "admin"]);
      expect(Object.keys(payload as object).toSorted()).toEqual(
        ["createdAt", "createdBy", "description", "id", "keyName", "space", "updatedAt"].toSorted(),
      );
    }
  });

  test("is created once, and set as often as one likes", async () => {
    await create("vault", "ONCE", "first", { description: "kept" });
    const input = { space: "vault", key: "ONCE", value: "second" };
    expect(await refusalOf(gateway, creation, { input })).toEqual({ code: "CONFLICT", field: "key" });
    expect(await read("vault", "ONCE", true)).toMatchObject({ value: "first" });
    expect((await gateway.data(setting, { input })).setSecret).toMatchObject({ value: null, description: "kept" });
    expect(await read("vault", "ONCE", true)).toMatchObject({ value: "second" });
    await gateway.data(setting, { input: { ...input, space: "other", value: "" } });
    expect(await read("other", "ONCE", true)).toMatchObject({ value: "" });
    expect(await read("vault", "ONCE", true)).toMatchObject({ value: "second" });
  });

  test.each(["", "1A", "A-B", "A B", "Ä", "A".repeat(129)])("cannot have the key %j", async (key) => {
    const input = { space: "vault", key, value: "x" };
    for (const document of [creation, setting]) {
      expect(await refusalOf(gateway, document, { input })).toEqual({ code: "BAD_USER_INPUT", field: "key" });
    }
  });

  test("holds 64 KiB and no more, and no NUL; the refusal does not repeat the value", async () => {
    const largest = "€".repeat(21_845) + "x";
    await create("vault", "LARGE", largest);
    expect((await read("vault", "LARGE", true)).value).toBe(largest);
    for (const value of [`${planted[2]}${largest}`, `${planted[2]}\0`]) {
      for (const [document, variables] of [
        [creation, { input: { space: "vault", key: "BAD", value } }],
        [updating, { space: "vault", key: "LARGE", input: { value } }],
      ] as const) {
        const answer = await gateway.graphql(document, variables);
        expect(answer.errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", field: "value" });
        expect(JSON.stringify(answer)).not.toContain(planted[2]);
      }
    }
  });

  test("needs a space that is there", async () => {
    for (const document of [creation, setting]) {
      const input = { space: "nowhere", key: "A", value: "x" };
      expect(await refusalOf(gateway, document, { input })).toEqual({ code: "NOT_FOUND" });
    }
    expect(await refusalOf(gateway, listing, { space: "nowhere" })).toEqual({ code: "NOT_FOUND" });
  });

  test("does not show in the list of another space, nor do those of agents", async () => {
    await createSpace(gateway, "listed", { FIRST: "1", SECOND: "2" });
    await createAgent(gateway, "lister", { space: "listed", secrets: { OWN: "x" } });
    const nodes = [
      { key: "FIRST", value: "1" },
      { key: "SECOND", value: "2" },
    ];
    expect((await gateway.data(listing, { space: "listed", show: true })).secrets).toEqual({ nodes, totalCount: 2 });
    const hidden = nodes.map(({ key }) => ({ key, value: null }));
    expect((await gateway.data(listing, { space: "listed" })).secrets).toEqual({ nodes: hidden, totalCount: 2 });
  });
});

describe("who may do what with the secrets of a space", () => {
  const place = { space: "vault", key: "GUARDED" };
  const input = { ...place, value: "x" };
  let tokens: Record<"operator" | "developer" | "outsider", string>;
  beforeAll(async () => {
    await create("vault", "GUARDED", "guarded");
    tokens = {
      operator: await accountToken(gateway, "op", "operator", "vault"),
      developer: await accountToken(gateway, "dev", "developer", "vault"),
      outsider: await accountToken(gateway, "out", "operator", "other"),
    };
  });

  test("values are shown only to those who may read values", async () => {
    for (const token of [tokens.operator, tokens.developer]) {
      expect(await read("vault", "GUARDED", false, token)).toMatchObject({ value: null });
      expect(await refusalOf(gateway, reading, { ...place, show: true }, token)).toEqual({ code: "FORBIDDEN" });
      expect(await refusalOf(gateway, listing, { ...place, show: true }, token)).toEqual({ code: "FORBIDDEN" });
    }
  });

  test("operators write them, developers only see that they are there", async () => {
    await gateway.data(setting, { input }, tokens.operator);
    for (const [document, variables] of [
      [creation, { input: { ...input, key: "NEW" } }],
      [setting, { input }],
      [updating, { ...place, input: { value: "y" } }],
      [deletion, place],
    ] as const) {
      expect(await refusalOf(gateway, document, variables, tokens.developer)).toEqual({ code: "FORBIDDEN" });
      expect(await refusalOf(gateway, document, variables, null)).toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  test("those of another space get the same answers as if there were nothing", async () => {
    for (const [document, variables] of [
      [reading, place],
      [reading, { ...place, show: true }],
      [listing, place],
      [creation, { input }],
      [setting, { input }],
      [updating, { ...place, input: {} }],
      [deletion, place],
    ] as const) {
      const hidden = await gateway.graphql(document, variables, tokens.outsider);
      const elsewhere = JSON.parse(JSON.stringify(variables).replaceAll("vault", "nowhere")) as object;
      const missing = await gateway.graphql(document, elsewhere, tokens.outsider);
      expect(hidden.errors?.[0]?.extensions.code).toBe("NOT_FOUND");
      expect(JSON.stringify(hidden)).toBe(JSON.stringify(missing).replaceAll("nowhere", "vault"));
    }
  });
});

describe("the commands of a space's agents", () => {
  test("find its secrets as they are now, and their agent's own, which win", async () => {
    await createSpace(gateway, "works");
    await createAgent(gateway, "worker", { space: "works", secrets: { BOTH: "own" } });
    const digest = async (key: string) =>
      (await answerOf(gateway, "worker", `printf %s "$${key}" | sha256sum`)).output.text.slice(0, 64);
    const digestOf = (value: string) => createHash("sha256").update(value).digest("hex");

    await create("works", "BOTH", "the space's");
    await create("works", "SHARED", planted[0]);
    expect([await digest("BOTH"), await digest("SHARED")]).toEqual([digestOf("own"), digestOf(planted[0])]);
    await gateway.data(updating, { space: "works", key: "SHARED", input: { value: planted[1] } });
    expect(await digest("SHARED")).toBe(digestOf(planted[1]));
    await gateway.data(deletion, { space: "works", key: "SHARED" });
    expect(await digest("SHARED")).toBe(digestOf(""));
  });
});

describe("the value of a secret", () => {
  test("is in no file of the data folder, no event and no configuration of a container", async () => {
    const { store } = gateway.gateway;
    await create("vault", "PLANTED", planted[0]);
    await gateway.data(setting, { input: { space: "vault", key: "PLANTED", value: planted[1] } });
    await gateway.settle();
    expect(JSON.stringify(await gateway.runtime.list())).not.toMatch(/planted/);
    const events = await store.event.findMany({ select: { payload: true } });
    expect(JSON.stringify(events)).not.toMatch(/planted-/);
    const entries = await readdir(gateway.config.dataDir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const contents = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))));
    const filesWith = (text: string) => contents.filter((content) => content.includes(text)).length;
    expect(filesWith("PLANTED") > 0).toBe(process.env["TEST_DATABASE"] !== "postgresql");
    expect(planted.map(filesWith)).toEqual([0, 0, 0]);
  });

  test("is in no line of the log, however it is sent and asked for", async () => {
    const headers = { authorization: `Bearer ${gateway.adminToken}`, "content-type": "application/json" };
    const call = async (method: string, path: string, body?: string) =>
      (await fetch(`${gateway.url}/api/v0${path}`, { method, headers, ...(body === undefined ? {} : { body }) }))
        .status;
    const secret = JSON.stringify({ key_name: "LOGGED", value: planted[0] });
    expect(await call("POST", "/secrets", secret)).toBe(200);
    expect(await call("POST", "/secrets", secret.slice(0, -1))).toBe(400);
    expect(await call("PUT", "/secrets/LOGGED", JSON.stringify({ value: [planted[1]] }))).toBe(400);
    expect(await call("GET", "/secrets/LOGGED?show_values=true")).toBe(200);
    // A seal that does not open is met with the row at hand.
    await gateway.gateway.store.secret.updateMany({ where: { keyName: "LOGGED" }, data: { keyId: "lost" } });
    expect(await call("GET", "/secrets/LOGGED?show_values=true")).toBe(409);
    expect(lines.length).toBeGreaterThan(0);
    expect(planted.filter((value) => lines.join("").includes(value))).toEqual([]);
  });
});
