import type { Entry } from "../measure.ts";
import type { Measured } from "./rounds.ts";

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [
    row(head),
    row(head.map((name) => (/µs|second|ms|×|connections/.test(name) ? "---:" : "---"))),
    ...rows.map(row),
  ].join("\n");

/** The goals, each group under the name that runs it. */
export const goalTable = (entries: readonly Entry[]): string =>
  table(
    ["bench", "work", "goal", "measured", "reached"],
    entries.flatMap(({ name, results, error }) => [
      ...results.map(({ work, goal, measured, reached }, place) => [
        place === 0 ? `\`${name}\`` : "",
        work,
        goal,
        measured,
        reached ? "yes" : "**no**",
      ]),
      ...(error === undefined ? [] : [[`\`${name}\``, "broke off", "", reasonOf(error), "**no**"]]),
    ]),
  );

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

/** What everybody needed. */
export const measuredTable = (measured: readonly Measured[]): string =>
  table(
    ["work", "contestant", "connections", "CPU µs", "requests a second", "p50 ms", "p95 ms", "p99 ms", "× gateway"],
    measured.map((one, place) => [
      measured[place - 1]?.work === one.work ? "" : one.work,
      one.name,
      String(one.connections),
      ...[one.cpuUs, one.perSecond].map((value) => value.toFixed(0)),
      ...[one.p50Ms, one.p95Ms, one.p99Ms].map((value) => value.toFixed(2)),
      besideGateway(one, measured),
    ]),
  );

function besideGateway({ work, connections, cpuUs }: Measured, measured: readonly Measured[]): string {
  const gateway = measured.find(
    (one) => one.name === "gateway" && one.work === work && one.connections === connections,
  );
  return gateway ? (cpuUs / gateway.cpuUs).toFixed(2) : "";
}
