import { setTimeout as wait } from "node:timers/promises";
import type { GatewayProcess } from "../../test/support/gateway-process.ts";
import { type Times, timed } from "./bare.ts";
import type { EngineEvents } from "./engine-events.ts";

/** The gateway does a little more after what the engine tells of; what comes next would wait for it as well. */
const settleMs = 50;

/** Takes an agent through its life, and keeps the time of each step as a client sees it. */
export async function agentRound(
  gateway: GatewayProcess,
  engine: EngineEvents,
  name: string,
  times: Times,
): Promise<void> {
  const agents = await watchAgents(gateway);
  const untilIdle = (kind: string, mutate: Mutate) =>
    timed(times, kind, () => Promise.all([mutate(gateway, name), agents.until(name, "IDLE")]));
  await untilIdle("create", create);
  await wait(settleMs);
  await timed(times, "exec", () => exec(gateway, name));
  const container = await containerOf(gateway, name);
  const stopped = engine.next("die", container);
  await timed(times, "sleep", () => Promise.all([sleep(gateway, name), engine.next("pause", container)]));
  await wait(settleMs);
  await untilIdle("frozen", wake);
  await sleep(gateway, name);
  await stopped;
  await wait(settleMs);
  await untilIdle("stopped", wake);
  await remove(gateway, name);
  agents.stop();
}

/** Creates an agent while the pool is full, and waits until it is full again. */
export async function warmRound(gateway: GatewayProcess, name: string, times: Times): Promise<void> {
  const agents = await watchAgents(gateway);
  await timed(times, "warm", () => Promise.all([create(gateway, name), agents.until(name, "IDLE")]));
  await remove(gateway, name);
  agents.stop();
  await untilFull(gateway);
}

/** Waits until every place of the pool has a computer that runs. */
export async function untilFull(gateway: GatewayProcess): Promise<void> {
  for (const limit = AbortSignal.timeout(60_000); ; limit.throwIfAborted()) {
    const { health } = await gateway.ask("{ health { checks { name message } } }");
    const pool = health.checks.find((check: { name: string }) => check.name === "warmPool");
    const [, ready, places] = /^(\d+) of (\d+) ready/.exec(pool.message) ?? [];
    if (ready === places) break;
    await wait(100);
  }
  await wait(settleMs);
}

/** Wakes so many stopped agents at once, and answers how many did not wake. */
export async function burst(
  gateway: GatewayProcess,
  engine: EngineEvents,
  names: readonly string[],
  times: Times,
): Promise<void> {
  const agents = await watchAgents(gateway);
  for (const name of names) await Promise.all([create(gateway, name), agents.until(name, "IDLE")]);
  await wait(settleMs);
  const containers = await Promise.all(names.map((name) => containerOf(gateway, name)));
  const stopped = containers.map((container) => engine.next("die", container));
  await Promise.all(names.map((name) => sleep(gateway, name)));
  await Promise.all(stopped);
  await wait(settleMs * 4);
  const wakeOne = async (name: string) => Promise.all([wake(gateway, name), agents.until(name, "IDLE")]);
  await timed(times, "burst", () => Promise.all(names.map(wakeOne)));
  for (const name of names) await remove(gateway, name);
  agents.stop();
}

type Mutate = (gateway: GatewayProcess, name: string) => Promise<unknown>;

/** Documents stay the same from call to call, as a client sends them; what differs is in the variables. */
const mutation =
  (field: string, type = "ID"): Mutate =>
  (gateway, name) =>
    gateway.ask(`mutation ($name: ${type}!) { ${field} }`, { name });

const create = mutation("createAgent(input: { name: $name, engine: SHELL }) { name }", "String");
const exec = mutation(`exec(agent: $name, command: ["true"]) { exitCode }`);
const sleep = mutation("sleepAgent(name: $name) { name }");
const wake = mutation("wakeAgent(name: $name) { name }");
const remove = mutation("deleteAgent(name: $name) { name }");

async function containerOf(gateway: GatewayProcess, name: string): Promise<string> {
  const { agent } = await gateway.ask(`{ agent(name: "${name}") { computer { id generation } } }`);
  return `raworc-${agent.computer.id}-g${agent.computer.generation}`;
}

interface Seen {
  readonly name: string;
  readonly state: string;
}

/** Hears of every change of an agent, from now on. */
async function watchAgents(gateway: GatewayProcess) {
  const waiting = new Set<(agent: Seen) => void>();
  const query = "subscription { agentsChanged { agent { name state } } }";
  const stop = gateway.live.subscribe<{ agentsChanged: { agent: Seen } }>(
    { query },
    {
      next: ({ data }) => data && waiting.forEach((heed) => heed(data.agentsChanged.agent)),
      error: (error) => {
        throw error;
      },
      complete: () => {},
    },
  );
  const until = (name: string, state: string) =>
    new Promise<void>((resolve) => {
      const heed = (agent: Seen) => {
        if (agent.name !== name || agent.state !== state) return;
        waiting.delete(heed);
        resolve();
      };
      waiting.add(heed);
    });
  // A round trip on the same socket: what is subscribed before it is heard after it.
  await once(gateway, "{ version { api } }");
  return { until, stop };
}

const once = (gateway: GatewayProcess, query: string) =>
  new Promise<void>((resolve, reject) => {
    gateway.live.subscribe({ query }, { next: () => {}, error: reject, complete: resolve });
  });
