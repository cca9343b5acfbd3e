import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { routes } from "../../src/rest/routes.ts";
import { startTestGateway } from "../support/gateway.ts";
import { send } from "./rest.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const document = (await send(gateway, "GET", "/openapi.json", { token: null })).json;
const withBody = routes.filter(({ body, bodyExample }) => body && bodyExample !== undefined);
const withJson = routes.filter(({ reply }) => reply.kind === "json");

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  test("describes every route and nothing else", () => {
    const described = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const named = routes.map(({ method, path }) => `${method} ${path.replaceAll(/[:*](\w+)/g, "{$1}")}`);
    expect(described.toSorted()).toEqual(named.toSorted());
  });

  test.each(withBody.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "%s shows a body that it takes",
    (_title, { body, bodyExample }) => {
      expect(body?.safeParse(bodyExample).error).toBeUndefined();
    },
  );

  test.each(withJson.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "%s shows an answer of its own kind",
    (_title, { reply }) => {
      const { schema, example } = reply as { schema: z.ZodType; example: unknown };
      expect(schema.parse(example)).toEqual(example);
    },
  );

  test("changes only on purpose: docs/openapi.json is the same", async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot("../../docs/openapi.json");
  });

  test("has other methods refused", async () => {
    const { status, headers } = await send(gateway, "PUT", "/openapi.json", { token: null });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });
});

describe("the page to read it", () => {
  test.each(["/docs", "/docs/"])("%s loads everything from the gateway itself", async (path) => {
    const { status, text, headers } = await send(gateway, "GET", path, { token: null });
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'self';/);
    const base = `${gateway.url}/api/v0${path}`;
    const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = ""]) => new URL(url, base));
    expect(loaded.length).toBeGreaterThan(3);
    for (const url of loaded) {
      expect(url.origin).toBe(gateway.url);
      expect((await fetch(url)).status).toBe(200);
    }
  });

  test("reads the same document", async () => {
    expect((await send(gateway, "GET", "/docs/json", { token: null })).json).toEqual(document);
  });
});
