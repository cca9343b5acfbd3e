import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../src/graphql/limits.ts";
import { accountToken, createAgent, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overEvents, overSocket } from "../support/live.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { RAWORC_MAX_BODY_BYTES: "20000" } });
  await createAgent(gateway, "limited");
});
afterAll(() => gateway.stop());

const repeated = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join(" ");
const nested = (depth: number) =>
  `{ agent(name: "limited") { ${"parent { ".repeat(depth - 2)}name${" }".repeat(depth - 1)} }`;

/** One document for each limit, just beyond it. */
const tooMuch: Readonly<Record<string, string>> = {
  tokens: `{ ${repeated(limits.tokens, () => "__typename")} }`,
  depth: nested(limits.depth + 3),
  aliases: `{ version { ${repeated(limits.aliases + 1, (i) => `a${i}: api`)} } }`,
  "root fields": `{ ...Many } fragment Many on Query { ${repeated(limits.rootFields + 1, (i) => (i === 0 ? "me { user }" : `...F${i}`))} } ${repeated(limits.rootFields, (i) => `fragment F${i + 1} on Query { me { user } }`)}`,
  directives: `{ version { api ${repeated(limits.directives + 1, () => "@include(if: true)")} } }`,
  complexity: `{ agents(first: 1000) { nodes { responses(first: 1000) { nodes { id status } } } } }`,
  "page size": `{ agents(first: ${limits.pageSize + 1}) { nodes { name } } }`,
};

type Ask = (query: string) => Promise<unknown>;

const overPost: Ask = (query) => gateway.graphql(query).then(({ errors }) => errors?.[0]?.extensions.code);
const overGet: Ask = async (query) => {
  const response = await fetch(`${gateway.url}/graphql?query=${encodeURIComponent(query)}`, {
    headers: { authorization: `Bearer ${gateway.adminToken}`, accept: "application/json" },
  });
  const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return errors?.[0]?.extensions.code;
};
const codeOf = (watching: ReturnType<typeof overSocket>) =>
  watching.next().then(
    () => undefined,
    (error: { code: unknown }) => error.code,
  );
const transports: Readonly<Record<string, Ask>> = {
  POST: overPost,
  GET: overGet,
  "graphql-ws": (query) => codeOf(overSocket(gateway, { query })),
  "server-sent events": (query) => codeOf(overEvents(gateway, { query })),
};

describe.each(Object.keys(tooMuch))("a document with too much of %s", (what) => {
  test.each(Object.keys(transports))("is refused over %s", async (transport) => {
    expect(await transports[transport]?.(tooMuch[what] ?? "")).toBe("BAD_USER_INPUT");
  });
});

describe("what is allowed", () => {
  test("passes on every transport just below the limits", async () => {
    const documents = [
      nested(limits.depth),
      `{ version { ${repeated(limits.aliases, (i) => `a${i}: api`)} } }`,
      `{ agents(first: ${limits.pageSize}) { nodes { name state tags } } }`,
    ];
    for (const ask of Object.values(transports))
      for (const query of documents) expect(await ask(query)).toBeUndefined();
  });

  test("includes the question that GraphiQL asks first", async () => {
    const options = { descriptions: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true } as const;
    const { __schema } = await gateway.data(
      getIntrospectionQuery({ ...options, specifiedByUrl: true, directiveIsRepeatable: true }),
    );
    expect(__schema.queryType.name).toBe("Query");
  });

  test("does not include a subscription that costs too much: it is refused before it listens", async () => {
    const query = `subscription ($first: Int) { agentChanged(name: "limited") {
      responses(first: $first) { nodes { output { items { raw } } } } } }`;
    const asked = (first: number) => overSocket(gateway, { query, variables: { first } });
    const cheap = asked(1);
    await cheap.next();
    cheap.stop();
    const deep = `subscription { agentChanged(name: "limited") { responses(first: 1000) { nodes { agent {
      responses(first: 1000) { nodes { id } } } } } } }`;
    await expect(overSocket(gateway, { query: deep }).next()).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

describe("the body of a request", () => {
  const post = (body: string, type: string | null) =>
    fetch(`${gateway.url}/graphql`, { method: "POST", headers: type ? { "content-type": type } : {}, body });

  test("must be JSON", async () => {
    const query = JSON.stringify({ query: "{ version { api } }" });
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/graphql",
      "multipart/form-data",
    ]) {
      const response = await post(query, type);
      expect([response.status, await response.json()]).toMatchObject([
        415,
        { errors: [{ extensions: { code: "BAD_USER_INPUT" } }] },
      ]);
    }
    expect((await post(query, "application/json; charset=utf-8")).status).toBe(200);
    expect((await post("{", "application/json")).status).toBe(400);
  });

  test("must not be larger than the server allows", async () => {
    const response = await post(JSON.stringify({ query: "x".repeat(20_001) }), "application/json");
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "PAYLOAD_TOO_LARGE" } }] });
  });

  test("is one operation, not a batch", async () => {
    const response = await post(JSON.stringify([{ query: "{ version { api } }" }]), "application/json");
    expect(response.status).toBe(400);
  });

  test("brings mutations, an address never does", async () => {
    const mutation = encodeURIComponent(`mutation { cancelAgent(name: "limited") { name } }`);
    const response = await fetch(`${gateway.url}/graphql?query=${mutation}`, {
      headers: { accept: "application/json" },
    });
    expect(response.status).toBe(405);
  });
});

describe("changes", () => {
  test("are counted for each principal, aliases one by one, on every transport", async () => {
    const own = await startTestGateway({ env: { RAWORC_MAX_MUTATIONS_PER_MINUTE: "8" } });
    try {
      await own.data(`mutation { createAgent(input: { name: "mine", engine: EXTERNAL }) { id } }`);
      const change = `cancelAgent(name: "mine") { name }`;
      const many = (count: number) => `mutation { ${repeated(count, (i) => `a${i}: ${change}`)} }`;
      await own.data(many(5)); // six of eight
      expect((await refusalOf(own, many(3)))?.code).toBe("RATE_LIMITED");
      const limited = await refusalOf(own, `mutation { ${change} }`);
      expect(limited).toMatchObject({ code: "RATE_LIMITED", retryAfterSeconds: expect.any(Number) });
      const overWs = overSocket(own, { query: `mutation { ${change} }` });
      await expect(overWs.next()).rejects.toMatchObject({ code: "RATE_LIMITED" });
      const rest = await fetch(`${own.url}/api/v0/agents/mine/cancel`, {
        method: "POST",
        headers: { authorization: `Bearer ${own.adminToken}` },
      });
      expect(rest.status).toBe(429);
      const other = await accountToken(own, "another", "developer");
      await own.data(`mutation { ${change} }`, {}, other);
    } finally {
      await own.stop();
    }
  });

  test("of nobody in particular are counted by address, with the logins among them", async () => {
    const own = await startTestGateway({ env: { RAWORC_MAX_LOGINS_PER_MINUTE: "3" } });
    try {
      const login = `mutation { login(user: "admin", password: "wrong") { token } }`;
      const codes = [];
      for (let count = 0; count < 5; count++) codes.push((await refusalOf(own, login, {}, null))?.code);
      expect(codes).toEqual([...Array(3).fill("UNAUTHENTICATED"), ...Array(2).fill("RATE_LIMITED")]);
      const aliases = repeated(4, (i) => `a${i}: login(user: "other${i}", password: "wrong") { token }`);
      expect((await refusalOf(own, `mutation { ${aliases} }`, {}, null))?.code).toBe("RATE_LIMITED");
    } finally {
      await own.stop();
    }
  });
});

describe("in production", () => {
  const production = { NODE_ENV: "production", RAWORC_ADMIN_PASSWORD: "admin" };
  const introspect = `{ __schema { queryType { name } } }`;

  test("there is no introspection and no GraphiQL", async () => {
    const own = await startTestGateway({ env: production });
    try {
      expect((await refusalOf(own, introspect))?.code).toBe("BAD_USER_INPUT");
      const page = await fetch(`${own.url}/graphql`, { headers: { accept: "text/html" } });
      expect(await page.text()).not.toContain("<html");
    } finally {
      await own.stop();
    }
  });

  test("there are both when they are switched on", async () => {
    const own = await startTestGateway({ env: { ...production, RAWORC_GRAPHIQL: "true" } });
    try {
      expect((await own.data(introspect)).__schema.queryType.name).toBe("Query");
      const page = await fetch(`${own.url}/graphql`, { headers: { accept: "text/html" } });
      expect(await page.text()).toContain("<html");
    } finally {
      await own.stop();
    }
  });
});
