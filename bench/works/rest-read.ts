import { judge } from "../goals.ts";
import { createResponses, get, getAgents } from "../harness/ask.ts";
import { agentNames, amounts } from "../harness/data.ts";
import { openCrowd, openField } from "../harness/field.ts";
import { untilAtRest } from "../harness/listen.ts";
import type { LoadRequest } from "../harness/load.ts";
import type { Running } from "../harness/program.ts";
import { cpuRatio, type Entrant, type Measured, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

const readsToOneWrite = 49;
/** All of LangGraph's are in memory: more of them would read alike. */
const threadsRead = 50;
const jsonHeaders = { "content-type": "application/json" };

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
  await using field = await openField("bare", "gateway", "langgraph", "langgraphSilent");
  await untilAtRest(); // each of the gateway's collections after its start throws compiled code away
  const { langgraph, langgraphSilent, ...both } = field.running;
  const asked = (requests: readonly LoadRequest[]): readonly Entrant[] =>
    Object.entries(both).map(([name, running]) => ({ name, running, requests }));
  const inTurn = asked(getAgents(amounts.agents, field.headers));
  await requireSameAnswers(inTurn);
  const threads = await Promise.all([
    readerOf("langgraph, as it comes", langgraph),
    readerOf("langgraph, silenced", langgraphSilent),
  ]);
  const turns = await takeTurns("REST point read", [...inTurn, ...threads], pace);
  const silenced = `${cpuRatio(turns, "gateway", "langgraph, silenced").toFixed(2)} × with its log silenced`;
  const hot = pace.everybody
    ? await takeTurns("REST point read, always the same", asked(getAgents(1, field.headers)), pace)
    : [];
  const mixed = await takeTurns("REST point read, with writes", asked(withWrites(field.headers)), pace);
  return {
    results: [
      judge("restReadToBare", cpuRatio(turns, "gateway", "bare")),
      judge("restReadToLangGraph", cpuRatio(turns, "gateway", "langgraph, as it comes"), silenced),
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

/** Reads threads as their users have them: each has been run once, and has as much in it as an agent. */
async function readerOf(name: string, running: Running): Promise<Entrant> {
  const ids: string[] = [];
  for (const agent of agentNames(threadsRead)) ids.push(await runThread(running.url, agent));
  return { name, running, requests: ids.flatMap((id) => get(`/threads/${id}`, jsonHeaders)) };
}

async function runThread(url: string, name: string): Promise<string> {
  const metadata = { name, team: "bench" };
  const made = (await post(`${url}/threads`, { metadata })) as { thread_id: string }; // by LangGraph's own API
  const input = { text: `What ${name} of the bench said last` };
  await post(`${url}/threads/${made.thread_id}/runs/wait`, { assistant_id: "answer", input });
  return made.thread_id;
}

async function post(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, { method: "POST", headers: jsonHeaders, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
