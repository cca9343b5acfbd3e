import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { judge } from "../goals.ts";
import { query } from "../harness/ask.ts";
import { type Field, openField } from "../harness/field.ts";
import { newResponse } from "../harness/new-response.ts";
import { spawnPinned } from "../harness/program.ts";
import type { Pace } from "../harness/rounds.ts";
import type { Report } from "../measure.ts";

const subscribers = 1000;
const pauseMs = 200;
const limitMs = 120_000;
const program = fileURLToPath(new URL("../contestants/subscribers.ts", import.meta.url));
const document = `mutation Append($id: ID!, $input: UpdateResponseInput!) { updateResponse(id: $id, input: $input) { id } }`;

interface Heard {
  readonly p99Ms: number;
  readonly cpuUs: number;
}

/** 1,000 subscribers on one response, an item five times a second, beside graphql-ws as it comes. */
export async function fanOut(pace: Pace): Promise<Report> {
  await using field = await openField("gateway", "wsDefault");
  const events = pace.rounds * 7;
  const id = await newResponse(field.running.gateway.url, field.headers);
  const heard = { gateway: [] as Heard[], wsDefault: [] as Heard[] };
  for (let round = 0; round < 2; round++) {
    heard.gateway.push(await listen(field, "gateway", id, events));
    heard.wsDefault.push(await listen(field, "wsDefault", id, events));
  }
  // The second round finds everything compiled.
  const [gateway, wsDefault] = [heard.gateway.at(-1), heard.wsDefault.at(-1)];
  const of = (one: Heard | undefined, key: keyof Heard) => one?.[key] ?? Number.NaN;
  return {
    results: [
      judge("fanOutLatency", of(gateway, "p99Ms")),
      judge("fanOutCpu", of(gateway, "cpuUs") / of(wsDefault, "cpuUs")),
    ],
  };
}

type Name = "gateway" | "wsDefault";

async function listen({ running, headers }: Field<Name>, name: Name, id: string, events: number): Promise<Heard> {
  const contestant = running[name];
  const { url } = contestant;
  const socket = `${url.replace("http", "ws")}/graphql`;
  const asked = [socket, headers["authorization"] ?? "", id, String(subscribers), String(events)];
  const child = spawnPinned(1, [program, ...asked], process.env);
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  let before = 0;
  try {
    if (!child.stdout) throw new Error("the subscribers' output is not piped");
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === "ready") {
        before = await contestant.cpuUs();
        await publish(name, url, id, headers, events);
        continue;
      }
      const { p99Ms } = JSON.parse(line) as Heard; // as the program writes it
      return { p99Ms, cpuUs: ((await contestant.cpuUs()) - before) / events / subscribers };
    }
    throw new Error(`${name}'s subscribers did not get all events`);
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}

async function publish(name: Name, url: string, id: string, headers: Field<Name>["headers"], events: number) {
  for (let place = 0; place < events; place++) {
    const item = { type: "commentary", text: String(performance.timeOrigin + performance.now()) };
    const [request] = query(document, [{ id, input: { output: { items: [item] } } }], headers);
    const body = name === "gateway" ? (request?.body ?? "") : JSON.stringify(item);
    const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`an item was refused: ${answer.status}`);
    await wait(pauseMs);
  }
}
