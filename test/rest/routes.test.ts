import Fastify from "fastify";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createGraphql } from "../../src/graphql/yoga.ts";
import { answerError, mountRoutes } from "../../src/rest/rest.ts";
import { type Route, route } from "../../src/rest/route.ts";
import { routes } from "../../src/rest/routes.ts";
import { startTestGateway } from "../support/gateway.ts";
import { makeAgent, refusalBody } from "./rest.ts";

const gateway = await startTestGateway({ env: { RAWORC_ENGINE: "external", RAWORC_MAX_BODY_BYTES: "1024" } });
afterAll(() => gateway.stop());

/** A server of its own with these routes, over the gateway's schema and store. */
async function serve(...table: readonly Route[]) {
  const app = Fastify({ frameworkErrors: answerError });
  mountRoutes(app, gateway.gateway, createGraphql(gateway.gateway, gateway.auth), table);
  await app.ready();
  return app;
}

const broken = (document: string) =>
  serve(
    route({
      method: "GET",
      path: "/broken",
      tag: "Test",
      summary: "",
      document,
      present: () => 1,
      reply: { kind: "empty" },
    }),
  );

const headers = { authorization: `Bearer ${gateway.adminToken}` };

describe("the table of routes", () => {
  test("has each route once, each document under a name of its own", () => {
    const titles = routes.map(({ method, path }) => `${method} ${path}`);
    const documents = routes.map(({ document }) => /(query|mutation) (Rest\w+)/.exec(document)?.[2]);
    expect(new Set(titles).size).toBe(routes.length);
    expect(new Set(documents).size).toBe(routes.length);
    expect(documents).not.toContain(undefined);
  });

  test("reads only with queries, and changes only with mutations", () => {
    const wrong = routes.filter(({ method, document }) => (method === "GET") !== /^\s*query /.test(document));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe("a document that does not fit the schema stops the start", () => {
  test.each([
    ["a field that is not there", "query RestA { version { colour } }", 'Cannot query field "colour"'],
    ["two fields at its root", "query RestB { version { api } health { ok } }", "one field at its root"],
    ["bad syntax", "query RestC { version {", "Syntax Error"],
  ])("%s", async (_what, document, word) => {
    await expect(broken(document)).rejects.toThrow(word);
  });
});

describe("a wait that takes too long", () => {
  test("is answered with 504 in the words of document C, while the response goes on", async () => {
    await makeAgent(gateway, "demo");
    const app = await serve(
      route({
        method: "POST",
        path: "/ask",
        tag: "Test",
        summary: "Asks and waits a second at the most",
        document: `mutation RestAsk {
          createResponse(agent: "demo", input: { text: "hi" }, wait: true, timeoutSeconds: 1) { id }
        }`,
        present: (response) => response,
        reply: { kind: "json", schema: z.unknown(), example: null },
      }),
    );
    const answer = await app.inject({ method: "POST", url: "/ask", headers });
    expect(answer.statusCode).toBe(504);
    expect(answer.json()).toEqual(refusalBody("TIMEOUT", "Timed out waiting for response to complete"));
    expect(await gateway.gateway.store.response.findFirst()).toMatchObject({ status: "PENDING" });
    await app.close();
  });
});

describe("a path that cannot be read", () => {
  test("is answered in the shape of every other refusal", async () => {
    const app = await serve(...routes);
    const garbled = await app.inject({ url: "/agents/%E0%A4%A", headers });
    expect(garbled.statusCode).toBe(400);
    expect(garbled.json()).toEqual(refusalBody("BAD_USER_INPUT", expect.any(String)));
    const long = await app.inject({ url: `/agents/${"a".repeat(1000)}`, headers });
    expect(long.statusCode).toBe(404);
    expect(long.json()).toEqual(refusalBody("NOT_FOUND", "Nothing has so long a name"));
    await app.close();
  });
});

describe("the limit of a body", () => {
  test("is the configured one on every server", async () => {
    const app = await serve(...routes);
    const body = { input: { text: "x".repeat(2000) } };
    const answer = await app.inject({ method: "POST", url: "/agents/nobody/responses", headers, body });
    expect(answer.statusCode).toBe(413);
    await app.close();
  });
});

describe("what nobody foresaw", () => {
  test("is answered with 500 and tells nothing", async () => {
    const app = await serve(
      route({
        method: "GET",
        path: "/oops",
        tag: "Test",
        summary: "Fails",
        document: "query RestOops { version { api } }",
        present: () => {
          throw new Error("a secret detail");
        },
        reply: { kind: "empty" },
      }),
    );
    const answer = await app.inject({ method: "GET", url: "/oops", headers });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual(refusalBody("INTERNAL", expect.not.stringContaining("secret")));
    await app.close();
  });
});
