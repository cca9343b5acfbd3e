import { judge } from "../goals.ts";
import { get } from "../harness/ask.ts";
import { agentName, amounts } from "../harness/data.ts";
import { openField } from "../harness/field.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

/** What REST's documents cost: the same read by REST and by a route that asks the service, in one process. */
export async function restOverhead(pace: Pace): Promise<Report> {
  await using field = await openField("gateway", "direct");
  const { direct: running } = field.running;
  const readsBelow = (prefix: string) =>
    Array.from({ length: amounts.agents }, (_, number) => `${prefix}/agents/${agentName(number)}`).flatMap((path) =>
      get(path, field.headers),
    );
  const entrants = [
    { name: "direct", running, requests: readsBelow("/direct") },
    { name: "rest", running, requests: readsBelow("/api/v0") },
  ];
  await requireSameAnswers(entrants);
  const measured = await takeTurns("REST beside a route by hand", entrants, pace);
  return { results: [judge("restOverhead", cpuRatio(measured, "direct", "rest"))], measured };
}
