import { judge } from "../goals.ts";
import { get } from "../harness/ask.ts";
import { agentName, amounts } from "../harness/data.ts";
import { openField } from "../harness/field.ts";
import type { LoadRequest } from "../harness/load.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import type { Report } from "../measure.ts";

/** `GET /agents/{name}` with the token and the permission checked; LangGraph, which checks neither, reads threads. */
export async function restRead(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway", "langgraph");
  const { langgraph, ...both } = field.running;
  const paths = Array.from({ length: amounts.agents }, (_, number) => `/api/v0/agents/${agentName(number)}`);
  const requests = paths.flatMap((path) => get(path, field.headers));
  const entrants = Object.entries(both).map(([name, running]) => ({ name, running, requests }));
  await requireSameAnswers(entrants);
  const threads = { name: "langgraph", running: langgraph, requests: await threadsAt(langgraph.url) };
  const measured = await takeTurns("REST point read", [...entrants, threads], pace);
  return {
    results: [
      judge("restReadToBare", cpuRatio(measured, "gateway", "bare")),
      judge("restReadToLangGraph", cpuRatio(measured, "gateway", "langgraph")),
    ],
    measured,
  };
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
