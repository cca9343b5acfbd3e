import { judge } from "../goals.ts";
import { agentFields, get, query } from "../harness/ask.ts";
import { graphqlPeers, openField } from "../harness/field.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

const document = `query Agents { agents(first: 100) { nodes { ${agentFields} } } }`;

/** 100 agents with all fields, over REST and over GraphQL. */
export async function lists(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway", ...graphqlPeers(pace));
  const { bare, gateway, ...peers } = field.running;
  const requests = get("/api/v0/agents?limit=100", field.headers);
  const overRest = Object.entries({ bare, gateway }).map(([name, running]) => ({ name, running, requests }));
  const asked = query(document, [{}], field.headers);
  const overGraphql = Object.entries({ gateway, ...peers }).map(([name, running]) => ({
    name,
    running,
    requests: asked,
  }));
  await requireSameAnswers(overRest);
  await requireSameAnswers(overGraphql);
  const rest = await takeTurns("REST list of 100", overRest, pace);
  const [limit] = overRest;
  const graphql = await takeTurns("GraphQL list of 100", [...(limit ? [limit] : []), ...overGraphql], pace);
  return {
    results: [
      judge("restListToBare", cpuRatio(rest, "gateway", "bare")),
      judge("listToBare", cpuRatio(graphql, "gateway", "bare")),
      judge("listToApollo", cpuRatio(graphql, "gateway", "apollo")),
    ],
    measured: [...rest, ...graphql],
  };
}
