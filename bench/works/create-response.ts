import { judge } from "../goals.ts";
import { createResponses } from "../harness/ask.ts";
import { openField } from "../harness/field.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

/** So many a round for each of its seconds, for each leaves a row behind and the queue of one agent is limited. */
const aSecond = 1200;

/** `createResponse`, acknowledged once it is on the disk, beside one bare transaction of the same rows. */
export async function createResponse(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway");
  const requests = createResponses(field.headers);
  const amount = Math.round(aSecond * pace.roundSeconds);
  const entrants = Object.entries(field.running).map(([name, running]) => ({
    name,
    running,
    requests,
    amount,
  }));
  await requireSameAnswers(entrants, { madeNew: true });
  const measured = await takeTurns("createResponse, durable", entrants, pace);
  return { results: [judge("createToBare", cpuRatio(measured, "gateway", "bare"))], measured };
}
