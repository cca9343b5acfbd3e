import { judge } from "../goals.ts";
import { agentName, amounts } from "../harness/data.ts";
import { openField } from "../harness/field.ts";
import type { LoadRequest } from "../harness/load.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import type { Report } from "../measure.ts";

/** `createResponse`, acknowledged once it is on the disk, beside one bare transaction of the same rows. */
export async function createResponse(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway");
  const body = JSON.stringify({ input: { text: "what is the answer?" } });
  // All agents in turn, for the queue of one is limited.
  const requests = Array.from({ length: amounts.agents }, (_, number): LoadRequest => {
    const path = `/api/v0/agents/${agentName(number)}/responses`;
    return { method: "POST", path, headers: field.headers, body };
  });
  const entrants = Object.entries(field.running).map(([name, running]) => ({ name, running, requests }));
  const measured = await takeTurns("createResponse, durable", entrants, pace);
  return { results: [judge("createToBare", cpuRatio(measured, "gateway", "bare"))], measured };
}
