import Fastify from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Tail } from "../../src/events/tail.ts";
import { createGraphql } from "../../src/graphql/yoga.ts";
import { writeEvents } from "../../src/rest/event-stream.ts";
import { mountRoutes } from "../../src/rest/rest.ts";
import { route } from "../../src/rest/route.ts";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { ask, makeAgent, refusalBody, send } from "./rest.ts";

const progress = /* GraphQL */ `
  subscription RestProgress($id: ID!, $after: Int) { responseProgress(id: $id, after: $after) { seq kind status } }
`;
type Progress = { readonly seq: number | null; readonly kind: string; readonly status: string | null };
const events = { kind: "events", schema: z.object({ kind: z.string() }), example: { kind: "STATUS" } } as const;
const params = z.object({ id: z.string() });

/** The same stream twice: by `follow=true` beside JSON, and as all that a route answers. */
const table = [
  route({
    method: "GET",
    path: "/progress/:id",
    tag: "Test",
    summary: "Followed",
    params,
    document: "query RestProgressOnce($id: ID!) { response(id: $id) { status } }",
    variables: ({ params: given }) => given,
    present: (response) => response,
    reply: { kind: "json", schema: z.unknown(), example: null },
    follow: {
      document: progress,
      variables: ({ params: given, lastEventId }) => ({ ...given, after: Number(lastEventId ?? 0) }),
      present: ({ seq, ...data }: Progress) => ({ data, ...(seq === null ? {} : { id: seq }) }),
      reply: events,
    },
  }),
  route({
    method: "GET",
    path: "/always/:id",
    tag: "Test",
    summary: "Always a stream",
    params,
    document: progress,
    variables: ({ params: given }) => given,
    present: (data: Progress) => ({ data }),
    reply: events,
  }),
];

const gateway = await startTestGateway({ env: { RAWORC_ENGINE: "external" } });
const listening = new Set<() => void>();
const counted = {
  ...gateway.gateway,
  tail: {
    ...gateway.gateway.tail,
    subscribe(...asked: Parameters<Tail["subscribe"]>) {
      const stop = gateway.gateway.tail.subscribe(...asked);
      listening.add(stop);
      return () => {
        listening.delete(stop);
        stop();
      };
    },
  },
};
async function serve() {
  const server = Fastify();
  mountRoutes(server, counted, createGraphql(counted, gateway.auth), table);
  return { server, at: await server.listen({ port: 0, host: "127.0.0.1" }) };
}

const { server: app, at: url } = await serve();
afterAll(async () => {
  await app.close();
  await gateway.stop();
});
beforeAll(() => makeAgent(gateway, "demo"));

const headers = { authorization: `Bearer ${gateway.adminToken}` };
const finish = (id: string) =>
  send(gateway, "PUT", `/agents/demo/responses/${id}`, { body: { status: "completed", output: { text: "done" } } });

/** What came of a stream, event by event; comments are left out. */
async function* read(response: Response): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    yield* blocks.filter((block) => !block.startsWith(":"));
  }
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

describe("a route with follow", () => {
  test("answers JSON without it", async () => {
    const id = await ask(gateway, "demo", "hi");
    for (const query of ["", "?follow=false"]) {
      const response = await fetch(`${url}/progress/${id}${query}`, { headers });
      expect([response.status, await response.json()]).toEqual([200, { status: "PENDING" }]);
    }
    expect((await fetch(`${url}/progress/${id}?follow=maybe`, { headers })).status).toBe(400);
  });

  test("streams what was and what comes, and says that it is complete", async () => {
    const id = await ask(gateway, "demo", "hi");
    const response = await fetch(`${url}/progress/${id}?follow=true`, { headers });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const came = read(response);
    expect((await came.next()).value).toBe(`id: 1\ndata: {"kind":"STATUS","status":"PENDING"}`);
    await finish(id);
    const rest = await all(came);
    expect(rest.at(-1)).toBe("event: complete\ndata: {}");
    expect(rest.at(-2)).toContain(`data: {"kind":"STATUS","status":"COMPLETED"}`);
  });

  test("is taken up again after the event that the client saw last", async () => {
    const id = await ask(gateway, "demo", "hi");
    await finish(id);
    const stream = async (more: object) =>
      all(read(await fetch(`${url}/progress/${id}?follow=true`, { headers: { ...headers, ...more } })));
    const whole = await stream({});
    expect(await stream({ "last-event-id": "1" })).toEqual(whole.slice(1));
  });

  test("ends in the gateway when the client has gone", async () => {
    const id = await ask(gateway, "demo", "hi");
    const gone = new AbortController();
    const response = await fetch(`${url}/progress/${id}?follow=true`, { headers, signal: gone.signal });
    await read(response).next();
    expect(listening.size).toBeGreaterThan(0);
    gone.abort();
    await expect.poll(() => listening.size).toBe(0);
  });

  test("refuses with a status what it cannot begin", async () => {
    const missing = await fetch(`${url}/progress/nobody?follow=true`, { headers });
    expect([missing.status, await missing.json()]).toEqual([
      404,
      refusalBody("NOT_FOUND", `Response "nobody" was not found`),
    ]);
    expect((await fetch(`${url}/progress/nobody?follow=true`)).status).toBe(401);
  });

  test("answers HEAD with its headers and without listening", async () => {
    const id = await ask(gateway, "demo", "hi");
    const head = await fetch(`${url}/progress/${id}?follow=true`, { method: "HEAD", headers });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(listening.size).toBe(0);
  });

  test("ends with an error when the caller may no longer see it", async () => {
    const token = await accountToken(gateway, "guest", "developer");
    const id = await ask(gateway, "demo", "hi");
    const response = await fetch(`${url}/progress/${id}?follow=true`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const came = read(response);
    await came.next();
    await gateway.data(`mutation { updateServiceAccount(id: "guest", input: { active: false }) { user } }`);
    const [last = ""] = (await all(came)).slice(-1);
    expect(last).toMatch(/^event: error\ndata: \{"message":/);
    expect(JSON.parse(last.split("data: ")[1] ?? "")).toEqual(
      refusalBody("UNAUTHENTICATED", expect.stringContaining("token")),
    );
  });
});

describe("a stream that is open when the gateway stops", () => {
  test("breaks off, so that its client comes again with what it saw last", async () => {
    const { server, at } = await serve();
    const id = await ask(gateway, "demo", "hi");
    const came = read(await fetch(`${at}/progress/${id}?follow=true`, { headers }));
    await came.next();
    await Promise.all([server.close(), expect(came.next()).rejects.toThrow("terminated")]);
    expect(listening.size).toBe(0);
  });
});

describe("a route that is a subscription", () => {
  test("always streams", async () => {
    const id = await ask(gateway, "demo", "hi");
    await finish(id);
    const came = await all(read(await fetch(`${url}/always/${id}`, { headers })));
    expect(came.at(-1)).toBe("event: complete\ndata: {}");
    expect(came.length).toBeGreaterThan(1);
  });
});

describe("what is written of a stream", () => {
  const onError = (error: unknown) => ({ message: String(error) });

  test("is a comment while nothing comes", async () => {
    const came = Promise.withResolvers<{ data: string }>();
    const written = writeEvents(
      (async function* () {
        yield await came.promise;
      })(),
      { quietMs: 1, onError },
    );
    for (let turn = 0; turn < 3; turn += 1) expect((await written.next()).value).toBe(":\n\n");
    came.resolve({ data: "two\nlines" });
    const rest = (await all(written)).filter((text) => text !== ":\n\n");
    expect(rest).toEqual([`data: "two\\nlines"\n\n`, "event: complete\ndata: {}\n\n"]);
  });

  test("is asked for one at a time, as the client takes it", async () => {
    let made = 0;
    const written = writeEvents(
      (async function* () {
        for (;;) yield { data: (made += 1) };
      })(),
      { quietMs: 60_000, onError },
    );
    for (let taken = 0; taken < 4; taken += 1) await written.next();
    expect(made).toBeLessThanOrEqual(4);
    await written.return();
  });

  test("ends with the error that broke it off", async () => {
    const written = writeEvents(
      (async function* () {
        yield { data: 1, id: 7 };
        throw new Error("broken");
      })(),
      { quietMs: 60_000, onError },
    );
    expect((await all(written)).slice(1)).toEqual([
      "id: 7\ndata: 1\n\n",
      `event: error\ndata: {"message":"Error: broken"}\n\n`,
    ]);
  });
});

describe("a path whose parameter takes slashes", () => {
  const echo = Fastify();
  afterAll(() => echo.close());
  beforeAll(() =>
    mountRoutes(echo, gateway.gateway, createGraphql(gateway.gateway, gateway.auth), [
      route({
        method: "GET",
        path: "/echo/*path",
        tag: "Test",
        summary: "Says its path",
        access: "public",
        params: z.object({ path: z.string() }),
        document: "query RestEcho { version { api } }",
        presentFor: (_data, { params: given }) => given,
        reply: { kind: "json", schema: z.unknown(), example: null },
      }),
    ]),
  );

  test.each([
    ["/a/b.txt", "a/b.txt"],
    ["/a%2Fb.txt", "a/b.txt"],
    ["/a%252Fb", "a%2Fb"],
    ["/a%20b%3F%23", "a b?#"],
    ["/%C3%BC", "ü"],
    ["//etc", "/etc"],
    ["/..%2Fetc", "../etc"],
    [`/${"long/".repeat(100)}x`, `${"long/".repeat(100)}x`],
    ["/", ""],
  ])("%j means %j", async (sent, path) => {
    const answer = await echo.inject({ url: `/echo${sent}` });
    expect([answer.statusCode, answer.json()]).toEqual([200, { path }]);
  });
});
