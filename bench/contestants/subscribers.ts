import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import { watchIt } from "../../src/graphql/graphiql-examples.ts";
import type { Asked, Said, SentItem } from "../harness/listen.ts";
import { percentile } from "../measure.ts";

// Many subscribers on sockets of their own. `node subscribers.ts ASKED` (as JSON): says `ready` when all listen, and
// how long events took when everybody has had all of them. What arrives is noted with its time and looked at when all
// is there: otherwise the times of most would tell how long this program reads the messages before theirs.
const { url, authorization, response, subscribers, events, stalled } = JSON.parse(process.argv[2] ?? "{}") as Asked; // as the harness writes it
const settleMs = 2000;
const openedAtOnce = 20;
/** What no one has answered by now was lost. */
const patienceMs = 30_000;

const variables = { id: response, after: 0 };
const subscribe = JSON.stringify({ id: "1", type: "subscribe", payload: { query: watchIt, variables } });
const isItem = Buffer.from('"ITEM"');

/** What one subscriber got, in order. */
type Arrived = { readonly atMs: number; readonly bytes: Buffer }[];
const all: Arrived[] = [];
let items = 0;

async function open(stalls: boolean): Promise<void> {
  const socket = new WebSocket(url, "graphql-transport-ws");
  const arrived: Arrived = [];
  const note = (bytes: Buffer) => {
    arrived.push({ atMs: performance.timeOrigin + performance.now(), bytes });
    if (bytes.includes(isItem) && ++items === subscribers * events) tell();
  };
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code) => {
      if (!stalls) throw new Error(`a subscriber was sent away: ${code}`);
    });
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } })));
    socket.once("message", () => {
      if (!stalls) socket.on("message", note);
      socket.send(subscribe, () => resolve()); // what came is the acknowledgement
    });
  });
  if (stalls) socket.pause();
  else all.push(arrived);
}

interface Message {
  readonly type: string;
  readonly payload?: { readonly data?: { readonly responseProgress?: Progress } };
}

interface Progress {
  readonly seq: number;
  readonly item: Pick<SentItem, "type" | "args" | "output"> | null;
}

/** @throws {Error} when a subscriber got something twice, in another order, with a gap, or no event at all. */
function progressIn(arrived: Arrived): readonly { readonly progress: Progress; readonly atMs: number }[] {
  let last: number | null = null;
  return arrived.map(({ atMs, bytes }) => {
    const { type, payload } = JSON.parse(bytes.toString()) as Message; // graphql-ws's own protocol
    const progress = payload?.data?.responseProgress;
    if (type !== "next" || !progress) throw new Error(bytes.toString());
    if (last !== null && progress.seq !== last + 1) throw new Error(`${progress.seq} came after ${last}`);
    last = progress.seq;
    return { progress, atMs };
  });
}

function tell(): void {
  const shown = all.flatMap(progressIn).filter(({ progress }) => progress.item !== null);
  const tookMs = shown.map(
    ({ progress: { item }, atMs }) => atMs - ((item?.args ?? item?.output)?.sentMs ?? Number.NaN),
  );
  const said: Said = {
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    lost: subscribers * events - tookMs.length,
    shown: shown.slice(0, events).map(({ progress }) => progress),
  };
  process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit());
}

for (let opened = 0; opened < subscribers; opened += openedAtOnce) {
  const count = Math.min(openedAtOnce, subscribers - opened);
  await Promise.all(Array.from({ length: count }, () => open(false)));
}
for (let opened = 0; opened < stalled; opened++) await open(true);
await wait(settleMs);
process.stdout.write("ready\n");
process.stdin.once("data", () => setTimeout(tell, patienceMs)).unref();
