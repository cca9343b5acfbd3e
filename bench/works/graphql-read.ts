import { judge } from "../goals.ts";
import { agentFields, query } from "../harness/ask.ts";
import { agentName, amounts } from "../harness/data.ts";
import { openField } from "../harness/field.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

const document = `query Agent($name: ID!) { agent(name: $name) { ${agentFields} } }`;

/** `agent(name)` with the 17 fields of document C, authorized. */
export async function graphqlRead(pace: Pace): Promise<Report> {
  await using field = await openField("gateway", "mercurius", "apollo", "yoga");
  const names = Array.from({ length: amounts.agents }, (_, number) => ({ name: agentName(number) }));
  const requests = query(document, names, field.headers);
  const entrants = Object.entries(field.running).map(([name, running]) => ({ name, running, requests }));
  await requireSameAnswers(entrants);
  const measured = await takeTurns("GraphQL agent, 17 fields", entrants, pace);
  return {
    results: [
      judge("fieldsToApollo", cpuRatio(measured, "gateway", "apollo")),
      judge("fieldsToMercurius", cpuRatio(measured, "gateway", "mercurius")),
    ],
    measured,
  };
}
