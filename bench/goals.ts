import type { Result } from "./measure.ts";

/** What a work is to reach: a ratio within one run, or an absolute number where there is nobody to compare with. */
export interface Goal {
  readonly work: string;
  /** What the number is: `× bare`, `µs`. */
  readonly unit: string;
  readonly least?: number;
  readonly most?: number;
  /** Once reached, the short run fails when the number gets worse by more than a third. */
  readonly reached: boolean;
}

const restRead = "REST point read";
const fields = "GraphQL agent, 17 fields";
const restList = "REST list of 100";
const list = "GraphQL list of 100";
const nested = "GraphQL 20 agents × 5 responses × items";

/** What the gateway is to reach. `npm run bench -- accept` sets each `reached` to what the last full run found. */
export const goals = {
  restReadToBare: { work: restRead, unit: "× bare", least: 0.5, reached: true },
  restReadToLangGraph: { work: restRead, unit: "× LangGraph's GET /threads/{id}", least: 5, reached: false },
  restReadHot: { work: "REST point read, always the same", unit: "× bare", least: 0.5, reached: false },
  restReadMany: { work: "REST point read, 10,000 agents", unit: "× bare", least: 0.5, reached: false },
  restReadMixed: { work: "REST point read, with writes", unit: "× bare", least: 0.5, reached: false },
  restOverhead: { work: "REST point read", unit: "× a route by hand", most: 1.1, reached: true },
  fieldsToApollo: { work: fields, unit: "× Apollo + Prisma", least: 3, reached: true },
  fieldsToMercurius: { work: fields, unit: "× Mercurius + JIT + Prisma", least: 1.4, reached: true },
  fieldsMany: { work: "GraphQL agent, 10,000 agents", unit: "× Mercurius + JIT + Prisma", least: 1.4, reached: true },
  restListToBare: { work: restList, unit: "× bare", least: 0.5, reached: true },
  listToBare: { work: list, unit: "× bare", least: 0.5, reached: true },
  listToApollo: { work: list, unit: "× Apollo + Prisma", least: 3, reached: true },
  nestedToApollo: { work: nested, unit: "× Apollo + Prisma", least: 1.8, reached: true },
  nestedToMercurius: { work: nested, unit: "× Mercurius + JIT + Prisma", least: 1.2, reached: true },
  pageTime: { work: "page of 100 out of 10,000 agents, p95", unit: "ms", most: 50, reached: true },
  pageDepth: { work: "the deepest page of 100", unit: "× the time of the first", most: 1.5, reached: true },
  accessCheck: { work: "token and policy check, cached", unit: "µs", most: 3, reached: true },
  createToBare: { work: "createResponse, durable", unit: "× bare", least: 0.35, reached: true },
  appendToBare: { work: "append of an item", unit: "× bare", least: 0.35, reached: true },
  appendLast: { work: "10,000th append", unit: "× the time of the first", most: 1.2, reached: true },
  replay: { work: "replay of 100 events out of 1,000,000, p99", unit: "ms", most: 50, reached: true },
  fanOutLatency: { work: "1,000 subscribers, 5 events a second, p99", unit: "ms", most: 25, reached: true },
  fanOutCpu: { work: "1,000 subscribers, processor per delivery", unit: "× graphql-ws", most: 0.2, reached: false },
  fanOutToBare: { work: "1,000 subscribers, processor per delivery", unit: "× bare sockets", most: 1.5, reached: true },
  quickPace: { work: "500 subscribers, 100 events 20 ms apart, lag p99", unit: "ms", most: 60, reached: true },
  manyLost: { work: "2,000 subscribers, events that did not arrive", unit: "events", most: 0, reached: true },
  besideStalled: { work: "what a stalled reader costs the others, p99", unit: "ms", most: 5, reached: true },
  subscriptionMemory: { work: "memory of an open subscription", unit: "kB", most: 25, reached: true },
  runFirst: { work: "first item of a run, p50", unit: "× LangGraph's", most: 1, reached: false },
  runsAtOnce: { work: "first item of 50 runs at once, p95", unit: "× LangGraph's", most: 1, reached: false },
  loginReads: { work: "reads' p99 during 20 logins at once", unit: "× undisturbed", most: 2, reached: false },
  loginReadsBeside: {
    work: "reads' p99 during 20 logins at once",
    unit: "× that with the logins at another gateway",
    most: 1.5,
    reached: false,
  },
  logins: { work: "logins", unit: "a second", least: 90, reached: true },
} as const satisfies Record<string, Goal>;

/**
 * Holds a number against its goal; `detail` says what it was made of. `fallen` says that it was reached once and is now
 * worse by more than a third.
 */
export function judge(name: keyof typeof goals, value: number, detail = ""): Result & { readonly fallen: boolean } {
  const { work, unit, least, most, reached }: Goal = goals[name];
  const goal = least === undefined ? `≤ ${most} ${unit}` : `≥ ${least} ${unit}`;
  const within = (slack: number) =>
    value >= (least ?? 0) / slack && value <= (most ?? Number.POSITIVE_INFINITY) * slack;
  const shown = value < 1000 ? value.toPrecision(3) : value.toFixed(0);
  const measured = `${shown} ${unit}${detail && ` (${detail})`}`;
  const isRatio = unit.startsWith("×");
  const share = least === undefined ? (most ?? Number.NaN) / value : value / least;
  return { key: name, work, goal, measured, share, reached: within(1), fallen: reached && isRatio && !within(1.5) };
}
