import { setTimeout as wait } from "node:timers/promises";
import { judge } from "../goals.ts";
import { type Field, openField } from "../harness/field.ts";
import type { Pace } from "../harness/rounds.ts";
import { percentile, type Report } from "../measure.ts";

const atOnce = 50;
const aloneARound = 8;
const patienceMs = 60_000;
const agent = (place: number) => `runner-${place}`;

type RunsField = Field<"gateway" | "langgraphSilent">;
/** Runs the one at this place to its end; answers when its first item came, in milliseconds after it was asked for. */
type Run = (place: number) => Promise<number>;

/** The first item of a run, one run at a time and 50 at once, beside LangGraph's. Both answer without a model. */
export async function runs(pace: Pace): Promise<Report> {
  await using field = await openField("gateway", "langgraphSilent");
  const gateway: Taken = { run: await gatewayRuns(field), alone: [], together: [] };
  const langgraph: Taken = { run: await langgraphRuns(field), alone: [], together: [] };
  const places = Array.from({ length: atOnce }, (_, place) => place);
  for (const { run } of [gateway, langgraph]) await Promise.all(places.map(run)); // to be warm
  for (let round = 0; round < pace.rounds; round++) {
    for (const place of places.slice(0, aloneARound)) {
      for (const { run, alone } of [gateway, langgraph]) alone.push(await run(place));
    }
    for (const { run, together } of [gateway, langgraph]) together.push(...(await Promise.all(places.map(run))));
  }
  return {
    results: [
      beside("runFirst", gateway.alone, langgraph.alone, 0.5),
      beside("runsAtOnce", gateway.together, langgraph.together, 0.95),
    ],
  };
}

interface Taken {
  readonly run: Run;
  readonly alone: number[];
  readonly together: number[];
}

function beside(goal: "runFirst" | "runsAtOnce", own: readonly number[], others: readonly number[], share: number) {
  const [ours, theirs] = [percentile(own, share), percentile(others, share)];
  return judge(goal, ours / theirs, `${ours.toFixed(1)} ms to ${theirs.toFixed(1)} ms`);
}

/** Agents whose engine runs a command in memory; its first item is the call. */
async function gatewayRuns({ running, headers }: RunsField): Promise<Run> {
  const url = `${running.gateway.url}/graphql`;
  const ask = async (query: string, variables: object) => {
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = (await answer.json()) as { data: any; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const names = Array.from({ length: atOnce }, (_, place) => agent(place));
  for (const name of names) {
    await ask("mutation ($name: String!) { createAgent(input: { name: $name, engine: SHELL }) { name } }", { name });
  }
  for (const limit = AbortSignal.timeout(patienceMs); ; limit.throwIfAborted()) {
    const { agents } = await ask("{ agents(filter: { states: [IDLE] }) { totalCount } }", {});
    if (agents.totalCount >= atOnce) break;
    await wait(100);
  }
  const create = 'mutation ($name: ID!) { createResponse(agent: $name, input: { text: "true" }) { id } }';
  const watch = "subscription ($id: ID!) { responseProgress(id: $id) { kind } }";
  return async (place) => {
    const start = performance.now();
    const { createResponse } = await ask(create, { name: agent(place) });
    const body = JSON.stringify({ query: watch, variables: { id: createResponse.id } });
    const first = await firstSeen(url, { ...headers, accept: "text/event-stream" }, body, '"ITEM"');
    return first - start;
  };
}

/** Threads of a graph that writes its first item at once. */
async function langgraphRuns({ running }: RunsField): Promise<Run> {
  const { url } = running.langgraphSilent;
  const headers = { "content-type": "application/json" };
  const threads: string[] = [];
  for (let place = 0; place < atOnce; place++) {
    const answer = await fetch(`${url}/threads`, { method: "POST", headers, body: "{}" });
    threads.push(((await answer.json()) as { thread_id: string }).thread_id);
  }
  const body = JSON.stringify({ assistant_id: "answer", input: { text: "true" }, stream_mode: ["custom"] });
  return async (place) => {
    const start = performance.now();
    return (await firstSeen(`${url}/threads/${threads[place]}/runs/stream`, headers, body, "event: custom")) - start;
  };
}

/** Reads a stream of events to its end; answers when these words were first in it. */
async function firstSeen(url: string, headers: Record<string, string>, body: string, words: string): Promise<number> {
  const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(patienceMs) });
  if (!answer.ok || !answer.body) throw new Error(`${url} refuses: ${answer.status} ${await answer.text()}`);
  let seen: number | null = null;
  let text = "";
  for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (seen === null && text.includes(words)) seen = performance.now();
  }
  if (seen === null) throw new Error(`${url} sent no item: ${text.slice(0, 300)}`);
  return seen;
}
