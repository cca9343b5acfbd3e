import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Route } from "../../src/rest/route.ts";
import { routes } from "../../src/rest/routes.ts";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { ask, makeAgent, refusalBody, send } from "./rest.ts";

/** Something of each kind that is there, by the beginning of its paths. */
const things: Readonly<Record<string, string>> = {
  agents: "demo",
  published: "shown",
  "service-accounts": "ada",
  operators: "ada",
  roles: "developer",
  "role-bindings": "admin-binding",
  spaces: "default",
};

const gateway = await startTestGateway({
  env: {
    RAWORC_GIT_BASE_URL: "file:///nowhere/",
    RAWORC_GIT_PROTOCOLS: "file",
    RAWORC_ENGINE: "external",
    RAWORC_MAX_BODY_BYTES: "4096",
    RAWORC_CORS_ORIGINS: "https://app.example",
  },
});
afterAll(() => gateway.stop());

let responseId = "";
let sessionId = "";
let buildId = "";
let stranger = "";

beforeAll(async () => {
  await makeAgent(gateway, "demo");
  await makeAgent(gateway, "shown");
  await send(gateway, "POST", "/agents/shown/publish");
  responseId = await ask(gateway, "demo", "hi");
  await ask(gateway, "shown", "hi");
  await gateway.data(`mutation { writeFile(agent: "demo", path: "src/a.txt", content: "x") { path } }`);
  await send(gateway, "POST", "/secrets", { body: { key_name: "TOKEN", value: "x" } });
  await makeSpaceAgent();
  buildId = (await send(gateway, "GET", "/spaces/default/build/latest")).json.id;
  sessionId = (await send(gateway, "POST", "/sessions", { body: { space: "default" } })).json.id;
  await send(gateway, "POST", `/sessions/${sessionId}/messages`, { body: { content: "hi" } });
  stranger = await accountToken(gateway, "stranger");
  await accountToken(gateway, "ada");
});

/** One that runs, as far as anybody can see. */
async function makeSpaceAgent(): Promise<void> {
  await send(gateway, "POST", "/spaces/default/agents", { body: { name: "helper", source_repo: "a/b" } });
  await gateway.settle();
  await gateway.gateway.store.spaceAgent.updateMany({ data: { status: "RUNNING" } });
}

const titleOf = ({ method, path }: Route) => `${method} ${path}`;
const named = (list: readonly Route[]) => list.map((route) => [titleOf(route), route] as const);
const idOf = (path: string) => ({ agents: responseId, sessions: sessionId })[path.split("/")[1] ?? ""];
/** The route's path on things that are there. */
const pathOf = ({ path }: Route, name = things[path.split("/")[1] ?? ""] ?? "") =>
  path
    .replace(":name", name)
    .replace(":id", idOf(path) ?? name)
    .replace(":key", "TOKEN")
    .replace(":build_id", buildId)
    .replace(":agent_name", "helper")
    .replace("*path", path.includes("/list/") ? "src" : "src/a.txt");
const onDemo = (path: string) => path.replace(":name", "demo").replace(":id", responseId);
const methodsOf = (path: string) =>
  routes
    .filter((route) => route.path === path)
    .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));

const bearer = routes.filter(({ access }) => access === "bearer");
const gets = routes.filter(({ method }) => method === "GET");
const singles = gets.filter(({ isList, reply }) => !isList && reply.kind === "json");
const lists = routes.filter(({ isList }) => isList);
const withBody = routes.filter(({ body }) => body !== null);
const ofAgents = bearer.filter(({ path }) => path.startsWith("/agents/:name"));
/** The routes of things that lie in no space; nobody owns them. */
const global = bearer.filter(({ path }) => /^\/(service-accounts|operators|roles|role-bindings)/.test(path));
const paths = [...new Set(routes.map(({ path }) => path))];

describe("every route that is not public", () => {
  test.each(named(bearer))("%s refuses those without a good token with 401", async (_title, route) => {
    for (const token of [null, "wrong", `${gateway.adminToken}x`]) {
      const refused = await send(gateway, route.method, pathOf(route), { token });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toMatch(/^Bearer/);
      expect(refused.json).toEqual(refusalBody("UNAUTHENTICATED", expect.stringContaining("token")));
    }
  });

  test.each(named(bearer.filter(({ body }) => body)))(
    "%s looks at the token before the body",
    async (_title, route) => {
      const { status } = await send(gateway, route.method, pathOf(route), { token: null, body: "{ not json" });
      expect(status).toBe(401);
    },
  );
});

describe("every public route", () => {
  test.each(named(gets.filter(({ access }) => access === "public")))(
    "%s answers without a token, and with a bad one",
    async (_title, route) => {
      for (const token of [null, "wrong"]) {
        expect((await send(gateway, "GET", pathOf(route), { token })).status).toBe(200);
      }
    },
  );
});

describe("every route of an agent", () => {
  test.each(named(ofAgents))(
    "%s answers 404 for an agent that is hidden, in the words for one that is missing",
    async (_title, route) => {
      const body = route.bodyExample as object | undefined;
      const hidden = await send(gateway, route.method, pathOf(route), { token: stranger, body });
      const missing = await send(gateway, route.method, pathOf(route, "nobody"), { token: stranger, body });
      const forAdmin = await send(gateway, route.method, pathOf(route, "nobody"), { body });

      expect([hidden.status, missing.status, forAdmin.status]).toEqual([404, 404, 404]);
      expect(hidden.json).toEqual(
        refusalBody("NOT_FOUND", expect.stringMatching(/"(demo|[0-9a-f-]{36})" was not found$/)),
      );
      expect(hidden.text.replaceAll("demo", "nobody")).toBe(missing.text);
      expect(forAdmin.text).toBe(missing.text);
    },
  );

  const open = new Set(["GET /agents/:name", "POST /agents/:name/remix", "GET /agents/:name/runtime"]);
  const closed = ofAgents.filter((route) => !open.has(titleOf(route)) && !route.path.includes(":id"));
  test.each(named(closed))("%s answers 403 for an agent that the caller may only read", async (_title, route) => {
    const refused = await send(gateway, route.method, pathOf(route, "shown"), {
      token: stranger,
      body: route.bodyExample as object | undefined,
    });
    expect(refused.status).toBe(403);
    expect(refused.json).toEqual(refusalBody("FORBIDDEN", expect.stringContaining("stranger")));
  });
});

describe("every route of accounts and of what they may do", () => {
  const exampleOf = ({ bodyExample }: Route) => bodyExample as object | undefined;

  test.each(named(global.filter(({ path }) => path.includes(":"))))(
    "%s answers 404 for what is hidden, in the words for what is missing",
    async (_title, route) => {
      const body = exampleOf(route);
      const hidden = await send(gateway, route.method, pathOf(route), { token: stranger, body });
      const missing = await send(gateway, route.method, pathOf(route, "nobody"), { token: stranger, body });
      const forAdmin = await send(gateway, route.method, pathOf(route, "nobody"), { body });

      expect(hidden.status).toBe(404);
      expect(hidden.json).toEqual(refusalBody("NOT_FOUND", expect.stringMatching(/was not found$/)));
      expect(hidden.text.replaceAll(things[route.path.split("/")[1] ?? ""] ?? "", "nobody")).toBe(missing.text);
      expect([forAdmin.status, forAdmin.text]).toEqual([404, missing.text]);
    },
  );

  test.each(named(global.filter(({ path }) => !path.includes(":"))))(
    "%s answers 403 to those who are not granted it",
    async (_title, route) => {
      const refused = await send(gateway, route.method, pathOf(route), { token: stranger, body: exampleOf(route) });
      expect(refused.status).toBe(403);
      expect(refused.json).toEqual(refusalBody("FORBIDDEN", expect.stringContaining("stranger")));
    },
  );
});

describe("every path", () => {
  test.each(paths)("%s answers other methods with 405 and Allow", async (path) => {
    const allowed = [...methodsOf(path), "OPTIONS"].join(", ");
    const others = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((method) => !methodsOf(path).includes(method));
    for (const method of others) {
      const refused = await send(gateway, method, onDemo(path));
      expect([method, refused.status, refused.headers.get("allow")]).toEqual([method, 405, allowed]);
      expect(refused.json).toEqual(refusalBody("BAD_USER_INPUT", expect.stringContaining(method)));
    }
    const { status } = await send(gateway, "HEAD", onDemo(path));
    expect(status === 405).toBe(others.includes("GET"));
  });

  test.each(paths)("%s answers OPTIONS with what it has, without a token", async (path) => {
    const { status, headers, text } = await send(gateway, "OPTIONS", path, { token: null });
    expect([status, headers.get("allow"), text]).toEqual([204, [...methodsOf(path), "OPTIONS"].join(", "), ""]);
  });

  test.each(paths)("%s answers a browser's preflight without a token", async (path) => {
    const headers = { origin: "https://app.example", "access-control-request-method": "PUT" };
    const answer = await send(gateway, "OPTIONS", path, { token: null, headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-allow-methods")).toContain("PUT");
  });
});

describe("every GET", () => {
  test.each(named(gets))("%s answers HEAD alike, without the body", async (_title, route) => {
    const got = await send(gateway, "GET", pathOf(route));
    const head = await send(gateway, "HEAD", pathOf(route));
    expect([head.status, head.text]).toEqual([200, ""]);
    for (const name of ["content-type", "content-length", "etag", "x-total-count", "x-page-limit"]) {
      expect([name, head.headers.get(name)]).toEqual([name, got.headers.get(name)]);
    }
  });

  test.each(named(gets))("%s takes a request id and gives it back", async (_title, route) => {
    const { headers } = await send(gateway, "GET", pathOf(route), { headers: { "x-request-id": "my-request.1" } });
    expect(headers.get("x-request-id")).toBe("my-request.1");
  });

  test.each(named(gets.filter(({ reply }) => reply.kind === "json")))(
    "%s answers exactly what is documented",
    async (_title, route) => {
      const { json } = await send(gateway, "GET", pathOf(route));
      const schema = route.reply.kind === "json" ? route.reply.schema : z.never();
      // Parsing drops what the schema does not know.
      expect(schema.parse(json)).toEqual(json);
    },
  );
});

describe("every GET of a single thing", () => {
  test.each(named(singles))("%s answers 304 to those who have it already", async (_title, route) => {
    const tag = (await send(gateway, "GET", pathOf(route))).headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const { status, text, headers } = await send(gateway, "GET", pathOf(route), {
        headers: { "if-none-match": known },
      });
      expect([status, text, headers.get("etag")]).toEqual([304, "", tag]);
    }
    const other = await send(gateway, "GET", pathOf(route), { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });

  test("a changed thing has another tag", async () => {
    const before = (await send(gateway, "GET", "/agents/demo")).headers.get("etag") ?? "";
    await send(gateway, "PUT", "/agents/demo", { body: { description: "new" } });
    const after = await send(gateway, "GET", "/agents/demo", { headers: { "if-none-match": before } });
    expect(after.status).toBe(200);
    expect(after.headers.get("etag")).not.toBe(before);
  });
});

describe("every list", () => {
  const page = async (route: Route, query: string) => {
    const { status, json, headers } = await send(gateway, "GET", `${pathOf(route)}${query}`);
    const said = ["x-total-count", "x-page-offset", "x-page-limit"].map((name) => headers.get(name));
    return { status, length: Array.isArray(json) ? json.length : json, said, headers };
  };

  test.each(named(lists))("%s is an array and says how long it is", async (_title, route) => {
    const { length, said } = await page(route, "");
    expect(length).toBeGreaterThan(0);
    expect(said).toEqual([String(length), "0", "100"]);
  });

  test.each(named(lists))(
    "%s takes limit and offset, 0 included, and clamps what is too large",
    async (_title, route) => {
      const total = (await page(route, "")).said[0];
      expect(await page(route, "?limit=0")).toMatchObject({ status: 200, length: 0, said: [total, "0", "0"] });
      expect(await page(route, "?limit=1")).toMatchObject({ length: 1, said: [total, "0", "1"] });
      expect(await page(route, "?limit=1001")).toMatchObject({ status: 200, said: [total, "0", "1000"] });
      expect(await page(route, "?limit=99999999999999999999")).toMatchObject({
        status: 200,
        said: [total, "0", "1000"],
      });
      expect(await page(route, `?offset=${total}`)).toMatchObject({ length: 0, said: [total, total, "100"] });
      expect(await page(route, "?offset=99999999999999999999")).toMatchObject({ status: 200, length: 0 });
    },
  );

  test.each(named(lists))("%s refuses a limit or offset that is no whole number", async (_title, route) => {
    for (const wrong of ["-1", "x", "1.5", "", "1e3", "0x1", "%201"]) {
      for (const name of ["limit", "offset"]) {
        const refused = await send(gateway, "GET", `${pathOf(route)}?${name}=${wrong}`);
        expect([wrong, refused.status]).toEqual([wrong, 400]);
        expect(refused.json).toEqual(refusalBody("BAD_USER_INPUT", `"${name}" must be a whole number, 0 or more`));
      }
    }
    expect((await send(gateway, "GET", `${pathOf(route)}?limit=1&limit=2`)).status).toBe(400);
  });

  test.each(named(lists))("%s shows its headers to browsers of other origins", async (_title, route) => {
    const { headers } = await send(gateway, "GET", pathOf(route), { headers: { origin: "https://app.example" } });
    const exposed = headers.get("access-control-expose-headers")?.toLowerCase();
    for (const name of ["x-total-count", "x-page-offset", "x-page-limit", "x-request-id", "etag"])
      expect(exposed).toContain(name);
  });
});

describe("every route with a body", () => {
  const post = (route: Route, body: unknown, headers = {}) =>
    send(gateway, route.method, pathOf(route), { body, headers });

  test.each(named(withBody))("%s answers 400 to what is not a JSON object", async (_title, route) => {
    for (const body of ["{", '{"a":1,}', "{'a':1}", "[]", '"text"', "5", "true", '{"__proto__":{}}']) {
      const refused = await post(route, body);
      expect([body, refused.status]).toEqual([body, 400]);
      expect(refused.json).toEqual(
        refusalBody("BAD_USER_INPUT", expect.stringMatching(/^The body (is not valid JSON|must be a JSON object)/)),
      );
    }
  });

  test.each(named(withBody))("%s answers 415 to a body that is not JSON", async (_title, route) => {
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "application/jsonp", "nonsense"]) {
      const refused = await post(route, "a=1", { "content-type": type });
      expect([type, refused.status]).toEqual([type, 415]);
      expect(refused.json).toEqual(refusalBody("BAD_USER_INPUT", expect.stringContaining("application/json")));
    }
  });

  test.each(named(withBody))("%s answers 415 to a compressed body", async (_title, route) => {
    expect((await post(route, "{}", { "content-encoding": "gzip" })).status).toBe(415);
  });

  test.each(named(withBody))("%s answers 413 to a body that is too large", async (_title, route) => {
    const refused = await post(route, { name: "x".repeat(5000) });
    expect(refused.status).toBe(413);
    expect(refused.json).toEqual(refusalBody("PAYLOAD_TOO_LARGE", expect.any(String)));
  });

  test.each(named(withBody))("%s answers 400 to fields that are missing or of another type", async (_title, route) => {
    const { properties = {}, required = [] } = z.toJSONSchema(route.body ?? z.object({}), { io: "input" });
    for (const field of required) {
      for (const body of [{}, { [field]: null }]) {
        expect((await post(route, body)).json).toEqual(
          refusalBody("BAD_USER_INPUT", expect.stringContaining(`"${field}" is required`)),
        );
      }
    }
    const example = Object(route.bodyExample);
    for (const [field, schema] of Object.entries(properties)) {
      const { type } = schema as { type: keyof typeof wrongValues };
      for (const wrong of wrongValues[type]) {
        const refused = await post(route, { ...example, [field]: wrong });
        expect([field, wrong, refused.status]).toEqual([field, wrong, 400]);
        expect(refused.json.message).toContain(`"${field}`);
      }
    }
  });

  const wrongValues = {
    string: [5, true, {}, []],
    boolean: ["true", "false", 1, 0, {}],
    integer: ["1", 1.5, true, 3_000_000_000],
    array: ["a", {}, [1]],
    object: ["a", 5, []],
  } as const;

  const optional = withBody.filter(({ body }) => body?.safeParse({}).success);
  test.each(named(optional))("%s takes no body, an empty one, null and unknown keys for {}", async (_title, route) => {
    responseId = await ask(gateway, "demo", "hi"); // sleep has ended the others
    const statuses = [];
    const nulls = Object.fromEntries(Object.keys(route.body?.shape ?? {}).map((field) => [field, null]));
    for (const body of [undefined, "", "  ", "null", "{}", { unknown: 1 }, nulls]) {
      statuses.push((await post(route, body, { "content-type": "application/json; charset=utf-8" })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200]);
  });
});

describe("what is no route", () => {
  test("is answered with 404 in the same shape, and without the query", async () => {
    for (const path of ["/nothing", "/agents/demo/nothing", "/", ""]) {
      const { status, json } = await send(gateway, "GET", `${path}?token=secret`, { token: null });
      expect([path, status]).toEqual([path, 404]);
      expect(json).toEqual(refusalBody("NOT_FOUND", `Route "GET /api/v0${path}" was not found`));
    }
  });

  test("is left alone outside of /api/v0", async () => {
    const { data } = await gateway.graphql("{ version { api } }");
    expect(data).toEqual({ version: { api: "v0" } });
  });
});

test("null means to leave out, also inside of a role's rule", async () => {
  const rule = { resources: ["agents"], verbs: ["get"] };
  const body = { name: "nulls", rules: [{ ...rule, scope: null, apiGroups: null, resourceNames: null }] };
  const { status, json } = await send(gateway, "POST", "/roles", { body });
  expect([status, json.rules]).toEqual([200, [{ ...rule, scope: "space" }]]);
});
