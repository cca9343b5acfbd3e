import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "graphql-ws";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { say, startModelServer, use } from "../support/model-server.ts";
import { newMark, untilNoProcess, untilProcess } from "./processes.ts";
import { endOf, eventually, expectTruthful, typesOf, untilItem } from "./watch.ts";
import { ask, askAndWait, createAgent, createWorld, modelEnvironment, type World, untilLogged } from "./world.ts";

describe("telling the gateway to stop", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ RAWORC_RUNTIME: "process" });
  });
  afterEach(() => world.close());

  test("SIGTERM lets a command end that ends in time, and exits with 0", async () => {
    const before = await world.start({ LOG_LEVEL: "info" });
    await createAgent(before, "worker");
    const id = await ask(before, "worker", "until [ -e go ]; do sleep 0.05; done; echo went");
    const queued = await ask(before, "worker", "echo next");
    await untilItem(before, id, "tool_call");
    const stopping = untilLogged(before, "stopping");
    before.child.kill("SIGTERM");
    await stopping;
    await touch(world, "go");
    expect(await exitOf(before)).toBe(0);

    const after = await world.start();
    const steps = await endOf(after, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "COMPLETED" });
    expect((await endOf(after, queued)).at(-1)).toMatchObject({ status: "COMPLETED" });
  });

  test("SIGINT cuts off a command that does not end in time: it is INTERRUPTED and leaves no process", async () => {
    const mark = newMark();
    const before = await world.start({ RAWORC_DRAIN_SECONDS: "1" });
    await createAgent(before, "worker");
    const id = await ask(before, "worker", `echo begun; sleep ${mark}`);
    await untilProcess(mark);
    before.child.kill("SIGINT");
    expect(await exitOf(before)).toBe(0);
    await untilNoProcess(mark);

    const after = await world.start();
    const steps = await endOf(after, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "INTERRUPTED" } } });
  });

  test("a set-up script does not hold the stop up; it is run again", async () => {
    const mark = newMark();
    const before = await world.start({ RAWORC_DRAIN_SECONDS: "1" });
    await createAgent(before, "worker", { engine: "SHELL", setup: `[ -e again ] || { touch again; sleep ${mark}; }` });
    await untilProcess(mark);
    expect(await before.stop()).toBe(0);

    const after = await world.start();
    expect(await askAndWait(after, "worker", "ls")).toBe("again\n");
    await untilNoProcess(mark);
  });

  test("a model's answer goes on after the restart", async () => {
    await using model = await startModelServer(use("bash", { command: "echo one" }), { acts: [{ kind: "hang" }] });
    const env = { ...modelEnvironment(model), RAWORC_DRAIN_SECONDS: "1" };
    const before = await world.start(env);
    await createAgent(before, "thinker", {});
    const id = await ask(before, "thinker", "think");
    await eventually(() => expect(model.requests).toHaveLength(2));
    expect(await before.stop()).toBe(0);

    model.script(say("thought"));
    const steps = await endOf(await world.start(env), id);
    expectTruthful(steps);
    expect(typesOf(steps)).toEqual(["tool_call", "tool_result", "final"]);
  });

  test("a graphql-ws client that tries again goes on from its cursor on the same port", async () => {
    const PORT = String(await freePort());
    const before = await world.start({ PORT });
    await createAgent(before, "worker");
    const first = await ask(before, "worker", "echo first");
    await endOf(before, first);
    await using watcher = watchLog(before);
    await eventually(() => expect(watcher.cursors.length).toBeGreaterThan(3));
    expect(await before.stop()).toBe(0);

    const after = await world.start({ PORT });
    const second = await ask(after, "worker", "echo second");
    await endOf(after, second);
    const { events } = await after.ask(`{ events(first: 1000) { endCursor } }`);
    await eventually(() => expect(watcher.cursors.at(-1)).toBe(Number(events.endCursor)));
    expect(watcher.cursors).toEqual(watcher.cursors.map((_cursor, place) => place + 1));
  });

  test("a second signal ends the gateway at once", async () => {
    const gateway = await world.start({ RAWORC_DRAIN_SECONDS: "60", LOG_LEVEL: "info" });
    await createAgent(gateway, "worker");
    const id = await ask(gateway, "worker", "sleep 59");
    await untilItem(gateway, id, "tool_call");
    const stopping = untilLogged(gateway, "stopping");
    gateway.child.kill("SIGTERM");
    await stopping;
    gateway.child.kill("SIGTERM");
    expect(await exitOf(gateway)).toBe(1);
  });
});

/** What `npm start` runs: it must hand the signal on and end as the gateway does. */
test.each(["SIGTERM", "SIGINT"] as const)("npm start hands %s on and ends as the gateway does", async (signal) => {
  const world = await createWorld({});
  const env = { ...process.env, PORT: "0", RAWORC_RUNTIME: "memory", RAWORC_DATA_DIR: world.dataDir };
  const child = spawn("npm", ["start"], { env, stdio: ["ignore", "pipe", "inherit"], detached: true });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  await eventually(() => expect(printed).toMatch(/listens on/));
  child.kill(signal);
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  await world.close();
});

async function exitOf({ child }: GatewayProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

/** Makes a file in the volume of the only agent. */
async function touch({ dataDir }: World, name: string): Promise<void> {
  const volumes = join(dataDir, "computers", "volumes");
  const [volume = ""] = await readdir(volumes);
  await writeFile(join(volumes, volume, name), "");
}

/** Follows the whole log with a client that connects anew, and notes each cursor it meets. */
function watchLog({ url, token }: GatewayProcess) {
  const cursors: number[] = [];
  const client = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 100,
    shouldRetry: () => true,
    retryWait: () => delay(100),
  });
  const variables = {
    get after() {
      return String(cursors.at(-1) ?? 0); // read anew whenever the client subscribes again
    },
  };
  client.subscribe<{ events: { cursor: string } }>(
    { query: "subscription ($after: Cursor) { events(after: $after) { cursor } }", variables },
    {
      next: ({ data }) => data && cursors.push(Number(data.events.cursor)),
      error: () => undefined,
      complete: () => undefined,
    },
  );
  return { cursors, [Symbol.asyncDispose]: async () => client.dispose() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  await once(server, "close");
  return port;
}
