import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startTestGateway } from "../support/gateway.ts";
import { overEvents, overSocket, socketClient, watchOn } from "../support/live.ts";
import { beginResponse, complete, createQuietAgent, step } from "../support/worker.ts";

const progress = `subscription ($id: ID!, $after: Int) { responseProgress(id: $id, after: $after) { seq status } }`;

async function start() {
  const gateway = await startTestGateway();
  await createQuietAgent(gateway, "worker");
  return { gateway, id: await beginResponse(gateway, "worker") };
}

/** How long something took. */
async function secondsOf(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return (performance.now() - started) / 1000;
}

describe("a gateway that stops", () => {
  test("sends sockets away with the code for a restart", async () => {
    const { gateway, id } = await start();
    const watching = overSocket(gateway, { query: progress, variables: { id } });
    await watching.next();
    await watching.next();
    const [next] = await Promise.allSettled([watching.next(), gateway.stop()]);
    expect(next).toMatchObject({ status: "rejected", reason: { code: 1012 } });
  });

  test("is found again by graphql-ws clients, which miss and repeat nothing", async () => {
    const { gateway, id } = await start();
    const port = new URL(gateway.url).port;
    const seen: number[] = [];
    const reconnected = Promise.withResolvers<void>();
    const variables: { id: string; after: number } = { id, after: 0 };
    let connections = 0;
    const client = socketClient(gateway, {
      retryAttempts: 200,
      shouldRetry: () => true, // also while nobody listens
      retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
      on: { connected: () => void (++connections === 2 && reconnected.resolve()) },
    });
    const ended = new Promise<void>((resolve, reject) => {
      client.subscribe<{ responseProgress: { seq: number } }>(
        { query: progress, variables },
        {
          next({ data }) {
            seen.push(data?.responseProgress.seq ?? 0);
            variables.after = seen.at(-1) ?? 0; // the client subscribes again with this same object
          },
          error: reject,
          complete: resolve,
        },
      );
    });
    await expect.poll(() => seen.length).toBe(2);
    const again = await gateway.restart({ env: { PORT: port } });
    await step(again, id, "after the restart");
    await reconnected.promise;
    await complete(again, id, "done");
    await ended;
    expect(seen).toEqual([1, 2, 3, 4]);
    await client.dispose();
    await again.stop();
  });

  test("cuts streams of events, so that nobody takes its end for theirs", async () => {
    const { gateway, id } = await start();
    const watching = overEvents(gateway, { query: progress, variables: { id } });
    await watching.next();
    await watching.next();
    const [next, seconds] = await Promise.allSettled([watching.next(), secondsOf(gateway.stop())]);
    expect(next).toMatchObject({ status: "rejected", reason: expect.any(Error) });
    expect(seconds).toMatchObject({ value: expect.closeTo(0, 0) });
  });

  test("is not held up by who waits for a response, nor by a socket whose peer does not answer", async () => {
    const { gateway } = await start();
    const waiting = gateway
      .graphql(`mutation { createResponse(agent: "worker", input: { text: "go" }, wait: true) { id } }`)
      .catch((error: unknown) => error);
    const silent = new WebSocket(`${gateway.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    await once(silent, "open");
    silent.pause();
    await expect.poll(() => gateway.gateway.store.response.count()).toBe(2);
    expect(await secondsOf(gateway.stop())).toBeLessThan(4);
    expect(await waiting).toBeInstanceOf(Error);
    silent.terminate();
  });

  test("lets short requests end", async () => {
    const { gateway } = await start();
    const hold = gateway.runtime.hold("ping");
    const asked = gateway.data(`{ health { ok } }`);
    await hold.reached;
    const stopped = gateway.stop();
    hold();
    expect(await asked).toEqual({ health: { ok: true } });
    expect(await secondsOf(stopped)).toBeLessThan(1.5);
  });
});

test("a client that has gone leaves nothing behind", async () => {
  const { gateway, id } = await start();
  const client = socketClient(gateway);
  await watchOn(client, { query: progress, variables: { id } }).next();
  expect(gateway.server.app.server.connections ?? 1).toBeGreaterThan(0);
  client.terminate();
  const text = async () => (await fetch(`${gateway.url}/metrics`)).text();
  await expect.poll(text).toContain("raworc_websockets 0");
  await gateway.stop();
});
