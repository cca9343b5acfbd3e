import { endsWithin } from "../src/timers.ts";
import { type GatewayProcess, startGatewayProcess } from "../test/support/gateway-process.ts";
import { percentile, type Result } from "./measure.ts";

const rounds = 60;
const warmUp = 10;
const atOnce = 50;
const crowdRounds = 6;
const removalLimitMs = 60_000;

/** The first event of an answer at a subscriber: of an idle agent, and of many agents asked at once. */
export async function firstEvent(): Promise<readonly Result[]> {
  const gateway = await startGatewayProcess({ env: { RAWORC_RUNTIME: process.env["BENCH_RUNTIME"] ?? "auto" } });
  try {
    const names = Array.from({ length: atOnce }, (_, number) => `asked-${number}`);
    await Promise.all(names.map((name) => createIdle(gateway, name)));
    const alone: number[] = [];
    for (let round = 0; round < rounds + warmUp; round++)
      alone.push((await oneResponse(gateway, names[0])).acknowledged);
    const crowd: number[] = [];
    for (let round = 0; round < crowdRounds; round++) {
      const waited = await Promise.all(names.map((name) => oneResponse(gateway, name)));
      if (round > 0) crowd.push(...waited.map(({ asked }) => asked));
    }
    await removeAll(gateway, names);
    return [
      within("acknowledged createResponse to first event", alone.slice(warmUp), { p50: 15, p99: 60 }),
      within(`createResponse to first event, ${atOnce} agents at once`, crowd, { p95: 250 }),
    ];
  } finally {
    await gateway.stop();
  }
}

/** Milliseconds to the first event, from when it was asked and from when that was acknowledged. */
interface Waited {
  readonly asked: number;
  readonly acknowledged: number;
}

async function oneResponse(gateway: GatewayProcess, agent: string | undefined): Promise<Waited> {
  const asked = performance.now();
  const document = `mutation ($agent: ID!) { createResponse(agent: $agent, input: { text: "true" }) { id } }`;
  const { createResponse } = await gateway.ask(document, { agent });
  const acknowledged = performance.now();
  const query = `subscription ($id: ID!) { responseProgress(id: $id, after: 1) { kind status } }`;
  let first = Number.NaN;
  for await (const _progress of gateway.live.iterate({ query, variables: { id: createResponse.id } })) {
    if (Number.isNaN(first)) first = performance.now();
  }
  return { asked: first - asked, acknowledged: first - acknowledged };
}

async function createIdle(gateway: GatewayProcess, name: string): Promise<void> {
  await gateway.ask(`mutation ($name: String!) { createAgent(input: { name: $name, engine: SHELL }) { name } }`, {
    name,
  });
  const query = `subscription ($name: ID!) { agentChanged(name: $name) { state } }`;
  for await (const { data } of gateway.live.iterate<{ agentChanged: { state: string } }>({
    query,
    variables: { name },
  })) {
    if (data?.agentChanged.state === "IDLE") return;
  }
}

/** Deletes the agents, and waits until nothing of their computers is left. */
async function removeAll(gateway: GatewayProcess, names: readonly string[]): Promise<void> {
  for (const name of names) await gateway.ask("mutation ($name: ID!) { deleteAgent(name: $name) { name } }", { name });
  let left = names.length;
  const query = `subscription { events(after: "0", filter: { types: ["computer.removed"] }) { type } }`;
  const countDown = async () => {
    for await (const _removed of gateway.live.iterate({ query })) if (--left === 0) return;
  };
  await endsWithin(countDown(), removalLimitMs);
  if (left > 0) throw new Error(`${left} computers were not removed within ${removalLimitMs} ms`);
}

const shares = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

function within(
  work: string,
  samples: readonly number[],
  limits: Partial<Record<keyof typeof shares, number>>,
): Result {
  const kinds = Object.keys(shares) as (keyof typeof shares)[]; // its own keys
  const at = (kind: keyof typeof shares) => percentile(samples, shares[kind]);
  return {
    work,
    goal: Object.entries(limits)
      .map(([kind, limit]) => `${kind} ≤ ${limit} ms`)
      .join(", "),
    measured: `${kinds.map((kind) => `${kind} ${at(kind).toFixed(1)} ms`).join(", ")} (${samples.length} times)`,
    reached: kinds.every((kind) => at(kind) <= (limits[kind] ?? Number.POSITIVE_INFINITY)),
  };
}
