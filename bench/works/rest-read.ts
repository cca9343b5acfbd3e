import { judge } from "../goals.ts";
import { get } from "../harness/ask.ts";
import { agentName, amounts } from "../harness/data.ts";
import { openField } from "../harness/field.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

/** `GET /agents/{name}` with the token and the permission checked. */
export async function restRead(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway");
  const paths = Array.from({ length: amounts.agents }, (_, number) => `/api/v0/agents/${agentName(number)}`);
  const requests = paths.flatMap((path) => get(path, field.headers));
  const entrants = (["bare", "gateway"] as const).map((name) => ({ name, running: field.running[name], requests }));
  await requireSameAnswers(entrants);
  const measured = await takeTurns("REST point read", entrants, pace);
  return { results: [judge("restReadToBare", cpuRatio(measured, "gateway", "bare"))], measured };
}
