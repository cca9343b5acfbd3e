import { judge } from "../goals.ts";
import { createResponses, getAgents } from "../harness/ask.ts";
import { agentName, amounts } from "../harness/data.ts";
import { openCrowd, openField } from "../harness/field.ts";
import type { LoadRequest } from "../harness/load.ts";
import { cpuRatio, type Entrant, type Measured, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

const readsToOneWrite = 49;

/** `GET /agents/{name}` with the token and the permission checked; LangGraph, which checks neither, reads threads. */
export async function restRead(pace: Pace): Promise<Report> {
  const fewAgents = await readFew(pace);
  const manyAgents = await readMany(pace);
  return {
    results: [...fewAgents.results, judge("restReadMany", cpuRatio(manyAgents, "gateway", "bare"))],
    measured: [...(fewAgents.measured ?? []), ...manyAgents],
  };
}

/** Of agents that there are few of: in turn, one of them again and again, and while there are writes. */
async function readFew(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway", "langgraph");
  const { langgraph, ...both } = field.running;
  const asked = (requests: readonly LoadRequest[]): readonly Entrant[] =>
    Object.entries(both).map(([name, running]) => ({ name, running, requests }));
  const inTurn = asked(getAgents(amounts.agents, field.headers));
  await requireSameAnswers(inTurn);
  const threads = { name: "langgraph", running: langgraph, requests: await threadsAt(langgraph.url) };
  const turns = await takeTurns("REST point read", [...inTurn, threads], pace);
  const hot = pace.everybody
    ? await takeTurns("REST point read, always the same", asked(getAgents(1, field.headers)), pace)
    : [];
  const mixed = await takeTurns("REST point read, with writes", asked(withWrites(field.headers)), pace);
  return {
    results: [
      judge("restReadToBare", cpuRatio(turns, "gateway", "bare")),
      judge("restReadToLangGraph", cpuRatio(turns, "gateway", "langgraph")),
      ...(hot.length > 0 ? [judge("restReadHot", cpuRatio(hot, "gateway", "bare"))] : []),
      judge("restReadMixed", cpuRatio(mixed, "gateway", "bare")),
    ],
    measured: [...turns, ...hot, ...mixed],
  };
}

/** Of a crowd in turn, so that hardly any is remembered by whoever remembers a few. */
async function readMany(pace: Pace): Promise<readonly Measured[]> {
  await using field = await openCrowd("bare", "gateway");
  const requests = getAgents(amounts.crowd, field.headers);
  const entrants = Object.entries(field.running).map(([name, running]) => ({ name, running, requests }));
  await requireSameAnswers(entrants);
  return await takeTurns("REST point read, 10,000 agents", entrants, pace);
}

/** A `createResponse`, which changes its agent too, and then so many reads. */
function withWrites(headers: LoadRequest["headers"]): readonly LoadRequest[] {
  const reads = getAgents(amounts.agents, headers);
  const readsFrom = (place: number) => reads.slice(place).concat(reads).slice(0, readsToOneWrite);
  return createResponses(headers).flatMap((write, place) => [write].concat(readsFrom(place)));
}

/** Reads of as many threads as there are agents, with as much in them. */
async function threadsAt(url: string): Promise<readonly LoadRequest[]> {
  const headers = { "content-type": "application/json" };
  const requests: LoadRequest[] = [];
  for (let number = 0; number < amounts.agents; number++) {
    const metadata = { name: agentName(number), description: `Agent number ${number} of the bench`, team: "bench" };
    const answer = await fetch(`${url}/threads`, { method: "POST", headers, body: JSON.stringify({ metadata }) });
    const { thread_id: id } = (await answer.json()) as { thread_id?: string };
    if (!id) throw new Error(`LangGraph made no thread: ${answer.status}`);
    requests.push({ method: "GET", path: `/threads/${id}`, headers });
  }
  return requests;
}
