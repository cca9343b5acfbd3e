import { judge } from "../goals.ts";
import { query } from "../harness/ask.ts";
import { graphqlPeers, openField } from "../harness/field.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

const document = `query Nested {
  agents(first: 20) {
    nodes { name state responses(first: 5) { nodes { id status input output { text items { seq type raw } } } } }
  }
}`;

/** 20 agents with 5 responses each and all their items: what data loaders are for. */
export async function nested(pace: Pace): Promise<Report> {
  await using field = await openField("gateway", ...graphqlPeers(pace));
  const requests = query(document, [{}], field.headers);
  const entrants = Object.entries(field.running).map(([name, running]) => ({ name, running, requests }));
  await requireSameAnswers(entrants);
  const measured = await takeTurns("GraphQL 20 agents × 5 responses × items", entrants, pace);
  return {
    results: [
      judge("nestedToApollo", cpuRatio(measured, "gateway", "apollo")),
      judge("nestedToMercurius", cpuRatio(measured, "gateway", "mercurius")),
    ],
    measured,
  };
}
