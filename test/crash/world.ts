import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type GatewayProcess, makeDataDir, startGatewayProcess } from "../support/gateway-process.ts";

/** After a crash everything has converged within this time (the promise), on a busy machine too. */
export const convergenceMs = 15_000;

/** A deployment whose gateway can be killed and started again on the same data. */
export interface World {
  readonly dataDir: string;
  start(env?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  close(): Promise<void>;
}

/** Makes a deployment with nothing in it. */
export async function createWorld(env: Readonly<Record<string, string>>): Promise<World> {
  const dataDir = await makeDataDir();
  let last: GatewayProcess | undefined;
  return {
    dataDir,
    async start(more = {}) {
      last = await startGatewayProcess({ dataDir, env: { ...env, ...more } });
      return last;
    },
    async close() {
      await last?.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What a response has become, as soon as it has ended; in the time that convergence may take. */
export async function endOf({ live }: GatewayProcess, id: string): Promise<readonly Step[]> {
  const query = `subscription ($id: ID!) { responseProgress(id: $id) { seq kind status item { raw } response { failure { reason } } } }`;
  const steps: Step[] = [];
  const timer = setTimeout(() => void live.dispose(), convergenceMs);
  for await (const { data } of live.iterate<{ responseProgress: Step }>({ query, variables: { id } })) {
    if (data && data.responseProgress.seq !== null) steps.push(data.responseProgress);
  }
  clearTimeout(timer);
  return steps;
}

export interface Step {
  readonly seq: number | null;
  readonly kind: "ITEM" | "STATUS" | "TEXT" | "DELTA";
  readonly status: string | null;
  readonly item: { readonly raw: { readonly type: string; readonly output?: string } } | null;
  readonly response: { readonly failure: { readonly reason: string } | null } | null;
}

/** Resolves when the first step that fits has been seen. */
export async function untilStep({ live }: GatewayProcess, id: string, fits: (step: Step) => boolean): Promise<void> {
  const query = `subscription ($id: ID!) { responseProgress(id: $id) { seq kind status item { raw } response { failure { reason } } } }`;
  for await (const { data } of live.iterate<{ responseProgress: Step }>({ query, variables: { id } })) {
    if (data && fits(data.responseProgress)) return;
  }
}

/** Resolves when the agent is as wanted; rejects when it is not within the time that convergence may take. */
export async function untilAgent({ live }: GatewayProcess, name: string, state: string): Promise<void> {
  const query = `subscription ($name: ID!) { agentChanged(name: $name) { state } }`;
  const timer = setTimeout(() => void live.dispose(), convergenceMs);
  try {
    for await (const { data } of live.iterate<{ agentChanged: { state: string } }>({ query, variables: { name } })) {
      if (data?.agentChanged.state === state) return;
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`agent "${name}" did not become ${state} in time`);
}

/** The ids of processes whose command line holds the text. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false; // it ended while we looked
      }
    })
    .map(Number)
    .filter((pid) => pid !== process.pid);
}
