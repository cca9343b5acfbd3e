import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { query } from "./ask.ts";
import { newResponse } from "./new-response.ts";
import { type Running, spawnPinned } from "./program.ts";

/** Who listens to one response, and what they are told. */
export interface Crowd {
  readonly subscribers: number;
  readonly events: number;
  readonly pauseMs: number;
  /** Subscribers that stop to read, beside the others. */
  readonly stalled?: number;
  /** An item is filled up to so much. */
  readonly itemBytes?: number;
}

/** What the program of subscribers is started with. */
export interface Asked extends Pick<Crowd, "subscribers" | "events"> {
  readonly url: string;
  readonly authorization: string;
  readonly response: string;
  readonly stalled: number;
}

/** An item as it is sent: a tool is called, or answers. */
export interface SentItem {
  readonly type: "tool_call" | "tool_result";
  readonly tool: string;
  readonly args?: Stamped;
  readonly output?: Stamped;
}

interface Stamped {
  readonly sentMs: number;
  readonly text: string;
}

/** What the program of subscribers says at its end. */
export interface Said {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Events that somebody never got. */
  readonly lost: number;
  /** The items as one of them was shown them. */
  readonly shown: readonly object[];
}

/** How it was. */
export interface Heard extends Said {
  /** Processor time of the server for each delivery. */
  readonly cpuUs: number;
  /** Memory of the server for each subscriber, once all listened. */
  readonly memoryBytes: number;
}

/** A contestant that events are published at. */
export interface Told {
  readonly name: "gateway" | "wsDefault" | "bareSockets";
  readonly running: Running;
  readonly headers: Readonly<Record<string, string>>;
}

const program = fileURLToPath(new URL("../contestants/subscribers.ts", import.meta.url));
const limitMs = 120_000;
const document = `mutation Append($id: ID!, $input: UpdateResponseInput!) { updateResponse(id: $id, input: $input) { id } }`;

/**
 * Lets a crowd listen to a response of their own while items are added to it.
 *
 * @throws {Error} when somebody is sent away or gets events twice, in another order or with a gap.
 */
export async function listen(told: Told, crowd: Crowd): Promise<Heard> {
  const { running, headers, name } = told;
  const { url, pid } = running;
  const id = name === "gateway" ? await newResponse(url, headers) : "any";
  const { subscribers, events, stalled = 0 } = crowd;
  const socket = `${url.replace("http", "ws")}/graphql`;
  const asked: Asked = {
    url: socket,
    authorization: headers["authorization"] ?? "",
    response: id,
    subscribers,
    events,
    stalled,
  };
  const before = { memoryBytes: await residentBytes(pid), cpuUs: 0 };
  let memoryBytes = 0;
  const child = spawnPinned(1, [program, JSON.stringify(asked)], process.env);
  child.stdin?.on("error", () => undefined); // it may have heard everything, and be gone
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  try {
    if (!child.stdout) throw new Error("the subscribers' output is not piped");
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== "ready") {
        const said = JSON.parse(line) as Said; // as the program writes it
        return { ...said, memoryBytes, cpuUs: ((await running.cpuUs()) - before.cpuUs) / events / subscribers };
      }
      memoryBytes = ((await residentBytes(pid)) - before.memoryBytes) / subscribers;
      if (events === 0) return { p50Ms: 0, p99Ms: 0, lost: 0, shown: [], cpuUs: 0, memoryBytes };
      before.cpuUs = await running.cpuUs();
      await publish(told, id, crowd);
      child.stdin?.write("that was all\n");
    }
    throw new Error(`${name}'s subscribers ended before they had all events`);
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}

/** After its start the gateway collects its garbage a few times, in quiet seconds; no delay is measured before. */
export const untilAtRest = (): Promise<void> => wait(6_000);

/** Adds items to the response, one after the other, each at its time or as soon as the one before is stored. */
async function publish(
  { name, running: { url }, headers }: Told,
  id: string,
  { events, pauseMs, itemBytes = 0 }: Crowd,
): Promise<void> {
  const start = performance.now();
  for (let place = 0; place < events; place++) {
    await wait(Math.max(0, start + place * pauseMs - performance.now()));
    const item = itemAt(place, itemBytes);
    const [request] = query(document, [{ id, input: { output: { items: [item] } } }], headers);
    const body = name === "gateway" ? (request?.body ?? "") : JSON.stringify(item);
    const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body });
    const said = await answer.text();
    if (!answer.ok || said.includes('"errors"')) throw new Error(`an item was refused: ${answer.status} ${said}`);
  }
}

/** Calls and results in turn, stamped with the time. */
function itemAt(place: number, bytes: number): SentItem {
  const said = { sentMs: performance.timeOrigin + performance.now(), text: `step ${place}`.padEnd(bytes, "x") };
  const isCall = place % 2 === 0;
  return { tool: "bash", ...(isCall ? { type: "tool_call", args: said } : { type: "tool_result", output: said }) };
}

async function residentBytes(pid: number): Promise<number> {
  const line = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) * 1024;
}
