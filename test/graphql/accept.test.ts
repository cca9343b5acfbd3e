import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const json = "application/json; charset=utf-8";
const graphql = "application/graphql-response+json; charset=utf-8";

/** What clients send, and what they get. */
const accepted: Readonly<Record<string, string>> = {
  "*/*": json,
  "application/json": json,
  "application/json, */*;q=0.5": json,
  "application/graphql-response+json": graphql,
  "application/graphql-response+json,application/json;q=0.9": graphql,
  "application/graphql-response+json, application/json": graphql,
  "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed":
    graphql,
};

describe.each(Object.entries(accepted))("who accepts %s", (accept, type) => {
  const ask = (query: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify({ query }),
    });

  test(`gets ${type}`, async () => {
    const response = await ask("{ version { api } }");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
    expect(await response.json()).toEqual({ data: { version: { api: "v0" } } });
  });

  test("is told what is wrong in the same way", async () => {
    const response = await ask("{ nothing }");
    expect([response.status, response.headers.get("content-type")]).toEqual([type === json ? 200 : 400, type]);
  });
});
