import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import Fastify, { type FastifyReply } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Call } from "../../src/graphql/context.ts";
import { httpCall } from "../../src/graphql/http-call.ts";

interface Opened {
  readonly call: Call;
  readonly reply: FastifyReply;
}

const app = Fastify();
let opened = Promise.withResolvers<Opened>();
app.get("/", (request, reply) => {
  opened.resolve({ call: httpCall(request, reply, request.headers.authorization), reply });
  return reply.hijack();
});
beforeAll(() => app.listen({ host: "127.0.0.1", port: 0 }));
afterAll(() => app.close());

/** Asks on a connection of its own and answers what the server has of it. */
async function ask() {
  opened = Promise.withResolvers<Opened>();
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1"); // it listens on a port
  client.write("GET / HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer abc\r\n\r\n");
  return { client, ...(await opened.promise) };
}

describe("a call over HTTP", () => {
  test("says who calls from where", async () => {
    const { client, call } = await ask();
    expect(call).toMatchObject({ authorization: "Bearer abc", address: "127.0.0.1", requestId: expect.any(String) });
    client.destroy();
  });

  test("is aborted when its client goes", async () => {
    const { client, call } = await ask();
    expect(call.signal.aborted).toBe(false);
    client.destroy();
    await once(call.signal, "abort");
    expect(call.signal.aborted).toBe(true);
  });

  test("is aborted also for whoever asks only after its client has gone", async () => {
    const { client, call, reply } = await ask();
    client.destroy();
    await once(reply.raw, "close");
    expect(call.signal.aborted).toBe(true);
  });

  test("is one call: whoever asks gets the same signal", async () => {
    const { client, call } = await ask();
    expect(call.signal).toBe(call.signal);
    client.destroy();
  });
});
