import { median } from "../measure.ts";
import { type LoadRequest, type Loaded, sendLoad } from "./load.ts";
import type { Running } from "./program.ts";

/** How long to measure. */
export interface Pace {
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly roundSeconds: number;
  readonly connections: readonly number[];
  /** Whether all take part and all is read, also what no goal names. */
  readonly everybody: boolean;
}

/** A contestant with what it is asked in this work. */
export interface Entrant {
  readonly name: string;
  readonly running: Running;
  readonly requests: readonly LoadRequest[];
  /** So many requests a round rather than for a time: where each leaves something behind. */
  readonly amount?: number;
}

/** Medians over the rounds. */
export interface Measured extends Omit<Loaded, "count"> {
  readonly work: string;
  readonly name: string;
  readonly connections: number;
  /** Processor time of the server for one request. */
  readonly cpuUs: number;
}

/** Lets the contestants take turns, round by round, after each has been warmed up. */
export async function takeTurns(work: string, entrants: readonly Entrant[], pace: Pace): Promise<readonly Measured[]> {
  for (const entrant of entrants) await warmUp(entrant, pace.warmUpSeconds);
  const measured: Measured[] = [];
  for (const connections of pace.connections) {
    const rounds = new Map<Entrant, Round[]>(entrants.map((entrant) => [entrant, []]));
    for (let round = 0; round < pace.rounds; round++) {
      for (const [entrant, done] of rounds) done.push(await oneRound(entrant, connections, pace.roundSeconds));
    }
    for (const [{ name }, done] of rounds) measured.push({ work, name, connections, ...mediansOf(done) });
  }
  return measured;
}

/** For so long also where a round is an amount, which may be over before anything is compiled. */
async function warmUp(entrant: Entrant, seconds: number): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  do await oneRound(entrant, 32, seconds);
  while (performance.now() < endMs);
}

type Round = Omit<Measured, "work" | "name" | "connections">;

async function oneRound({ running, requests, amount }: Entrant, connections: number, seconds: number): Promise<Round> {
  const before = await running.cpuUs();
  const ends = amount === undefined ? { seconds } : { amount };
  const { count, ...loaded } = await sendLoad({ url: running.url, connections, requests, ...ends });
  return { ...loaded, cpuUs: ((await running.cpuUs()) - before) / count };
}

function mediansOf(rounds: readonly Round[]): Round {
  const of = (key: keyof Round) => median(rounds.map((round) => round[key]));
  return { perSecond: of("perSecond"), p50Ms: of("p50Ms"), p95Ms: of("p95Ms"), p99Ms: of("p99Ms"), cpuUs: of("cpuUs") };
}

/** How many requests one can answer with the processor time that the other needs for one, at 32 connections. */
export function cpuRatio(measured: readonly Measured[], name: string, other: string): number {
  const cpuOf = (wanted: string) =>
    measured.find((one) => one.name === wanted && one.connections === 32)?.cpuUs ?? Number.NaN;
  return cpuOf(other) / cpuOf(name);
}
