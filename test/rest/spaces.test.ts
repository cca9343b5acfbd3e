import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../src/rest/route.ts";
import { routes } from "../../src/rest/routes.ts";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { refusalBody, send } from "./rest.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const tokens = { stranger: "", developer: "" };
beforeAll(async () => {
  await send(gateway, "POST", "/spaces", { body: { name: "hall" } });
  for (const path of ["/secrets", "/spaces/hall/secrets"]) {
    await send(gateway, "POST", path, { body: { key_name: "TOKEN", value: "x" } });
  }
  tokens.stranger = await accountToken(gateway, "stranger");
  tokens.developer = await accountToken(gateway, "developer", "developer", "hall");
});

const ofSpace = routes.filter(({ path }) => /^\/spaces\/:name(\/secrets|$)/.test(path));
const changing = ofSpace.filter(({ method }) => method !== "GET");
const named = (list: readonly Route[]) => list.map((route) => [`${route.method} ${route.path}`, route] as const);
const call = ({ method, path, bodyExample }: Route, space: string, token?: string) =>
  send(gateway, method, path.replace(":name", space).replace(":key", "TOKEN"), {
    ...(token === undefined ? {} : { token }),
    body: bodyExample,
  });

describe("every route of a space and its secrets", () => {
  test("is one of 8", () => expect(ofSpace).toHaveLength(8));

  test.each(named(ofSpace))(
    "%s answers 404 for a space that is hidden, in the words for one that is missing",
    async (_title, route) => {
      const hidden = await call(route, "hall", tokens.stranger);
      const missing = await call(route, "nowhere", tokens.stranger);
      const forAdmin = await call(route, "nowhere");
      expect([hidden.status, missing.status, forAdmin.status]).toEqual([404, 404, 404]);
      expect(hidden.json).toEqual(refusalBody("NOT_FOUND", expect.stringMatching(/"(hall|TOKEN)" was not found$/)));
      expect([hidden.text.replaceAll("hall", "nowhere"), forAdmin.text]).toEqual([missing.text, missing.text]);
    },
  );

  test.each(named(changing))("%s answers 403 to those who may only read", async (_title, route) => {
    const { status, json } = await call(route, "hall", tokens.developer);
    expect(status).toBe(403);
    expect(json).toEqual(refusalBody("FORBIDDEN", expect.stringMatching(/"(spaces|secrets):\w+"$/)));
  });
});

describe("POST /spaces and /secrets", () => {
  test("answer 403 to those who are not granted it", async () => {
    const { stranger: token } = tokens;
    expect((await send(gateway, "POST", "/spaces", { token, body: { name: "mine" } })).status).toBe(403);
    const body = { key_name: "MINE", value: "x" };
    expect((await send(gateway, "POST", "/secrets", { token, body })).status).toBe(403);
    expect((await send(gateway, "GET", "/secrets", { token })).status).toBe(403);
  });

  test.each([
    ["/spaces", { name: "hall" }],
    ["/secrets", { key_name: "TOKEN", value: "y" }],
    ["/spaces/hall/secrets", { key_name: "TOKEN", value: "y" }],
  ])("%s answers 409 for what is taken", async (path, body) => {
    const { status, json } = await send(gateway, "POST", path, { body });
    expect([status, json]).toEqual([409, refusalBody("CONFLICT", expect.stringContaining("already exists"))]);
  });

  test.each([
    ["/spaces", {}, '"name" is required'],
    ["/spaces", { name: "A" }, '"name" must be'],
    ["/spaces", { name: "a", active: "true" }, '"active" must be true or false'],
    ["/spaces", { name: "a", settings: [] }, '"settings" must be a JSON object'],
    ["/spaces", { name: "a", settings: { engine: "none" } }, '"settings.engine" must be one of'],
    ["/secrets", { value: "x" }, '"key_name" is required'],
    ["/secrets", { key_name: "A" }, '"value" is required'],
    ["/secrets", { key_name: "A-B", value: "x" }, "must match"],
    ["/spaces/hall/secrets", { key_name: "A", value: 7 }, '"value" must be a string'],
  ])("%s answers 400 for %j", async (path, body, words) => {
    const { status, json } = await send(gateway, "POST", path, { body });
    expect([status, json]).toEqual([400, refusalBody("BAD_USER_INPUT", expect.stringContaining(words))]);
  });
});

describe("show_values", () => {
  test.each(["/spaces/hall/secrets", "/spaces/hall/secrets/TOKEN", "/secrets?space=hall", "/secrets/TOKEN?space=hall"])(
    "of %s shows values to those who may read them, and answers 403 to others",
    async (path) => {
      const shown = (how: string) => `${path}${path.includes("?") ? "&" : "?"}show_values=${how}`;
      const valuesIn = (json: unknown) => [json].flat().map((secret) => (secret as { value?: string }).value);
      expect(valuesIn((await send(gateway, "GET", shown("true"))).json)).toEqual(["x"]);
      expect(valuesIn((await send(gateway, "GET", shown("false"))).json)).toEqual([undefined]);
      expect(valuesIn((await send(gateway, "GET", path)).json)).toEqual([undefined]);
      expect((await send(gateway, "GET", shown("yes"))).status).toBe(400);

      const { status, json } = await send(gateway, "GET", shown("true"), { token: tokens.developer });
      expect([status, json]).toEqual([403, refusalBody("FORBIDDEN", expect.stringContaining("secrets:read-values"))]);
      expect((await send(gateway, "GET", path, { token: tokens.developer })).status).toBe(200);
    },
  );
});

describe("the filter of GET /spaces", () => {
  test("shows active spaces, inactive ones, or all", async () => {
    await send(gateway, "POST", "/spaces", { body: { name: "shut", active: false } });
    const names = async (query: string) =>
      (await send(gateway, "GET", `/spaces${query}`)).json.map(({ name }: { name: string }) => name);
    expect(await names("?active=true")).toEqual(["default", "hall"]);
    expect(await names("?active=FALSE")).toEqual(["shut"]);
    expect(await names("")).toEqual(["default", "hall", "shut"]);
    expect((await send(gateway, "GET", "/spaces?active=perhaps")).status).toBe(400);
  });
});

describe("DELETE /spaces/default", () => {
  test("answers 409", async () => {
    const { status, json } = await send(gateway, "DELETE", "/spaces/default");
    expect([status, json]).toEqual([409, refusalBody("CONFLICT", expect.stringContaining("cannot be deleted"))]);
  });
});
