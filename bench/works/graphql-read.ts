import { judge } from "../goals.ts";
import { agentFields, query } from "../harness/ask.ts";
import { agentNames, amounts } from "../harness/data.ts";
import { graphqlPeers, openCrowd, openField } from "../harness/field.ts";
import { cpuRatio, type Entrant, type Pace, takeTurns } from "../harness/rounds.ts";
import type { Running } from "../harness/program.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

const document = `query Agent($name: ID!) { agent(name: $name) { ${agentFields} } }`;

/** `agent(name)` with the 17 fields of document C, authorized; of few agents, and of a crowd in turn. */
export async function graphqlRead(pace: Pace): Promise<Report> {
  const few = await readFew(pace);
  const many = await readMany(pace);
  return {
    results: [
      judge("fieldsToApollo", cpuRatio(few, "gateway", "apollo")),
      judge("fieldsToMercurius", cpuRatio(few, "gateway", "mercurius")),
      judge("fieldsMany", cpuRatio(many, "gateway", "mercurius")),
    ],
    measured: [...few, ...many],
  };
}

async function readFew(pace: Pace) {
  await using field = await openField("gateway", ...graphqlPeers(pace));
  return await measure("GraphQL agent, 17 fields", field, amounts.agents, pace);
}

async function readMany(pace: Pace) {
  await using field = await openCrowd("gateway", "mercurius");
  return await measure("GraphQL agent, 10,000 agents", field, amounts.crowd, pace);
}

interface Asked {
  readonly running: Readonly<Record<string, Running>>;
  readonly headers: Readonly<Record<string, string>>;
}

async function measure(work: string, { running, headers }: Asked, agents: number, pace: Pace) {
  const names = agentNames(agents).map((name) => ({ name }));
  const requests = query(document, names, headers);
  const entrants: Entrant[] = Object.entries(running).map(([name, one]) => ({ name, running: one, requests }));
  await requireSameAnswers(entrants);
  return takeTurns(work, entrants, pace);
}
