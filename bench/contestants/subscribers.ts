import { setTimeout as wait } from "node:timers/promises";
import { watchIt } from "../../src/graphql/graphiql-examples.ts";
import type { Asked, Said, SentItem } from "../harness/listen.ts";
import { percentile } from "../measure.ts";
import { messagesIn, type Noted, openNoted, send } from "./noted-socket.ts";

// Many subscribers on sockets of their own. `node subscribers.ts ASKED` (as JSON): says `ready` when all listen, and
// how long events took when everybody has had all of them. What arrives is noted with its time and looked at when all
// is there: otherwise the times of most would tell how long this program reads the messages before theirs.
const { url, authorization, response, subscribers, events, stalled } = JSON.parse(process.argv[2] ?? "{}") as Asked; // as the harness writes it
/** Some seconds after many have come, the server collects their garbage; that is no part of a delivery. */
const settleMs = 10_000;
const openedAtOnce = 20;
/** When nothing comes for so long, what is missing was lost. */
const patienceMs = 10_000;
/** The last of what began to come may be long. */
const lastMs = 500;

const variables = { id: response, after: 0 };
const subscribe = JSON.stringify({ id: "1", type: "subscribe", payload: { query: watchIt, variables } });
const anItem = Buffer.from('"ITEM"');

/** What each subscriber got, in order. */
const all: Noted[][] = [];
let [reads, items] = [0, 0];

async function open(stalls: boolean): Promise<void> {
  const noted: Noted[] = [];
  const { promise: acknowledged, resolve } = Promise.withResolvers<void>();
  let isSubscribed = false;
  const take = (one: Noted) => {
    reads++;
    noted.push(one);
    for (let at = one.bytes.indexOf(anItem); at >= 0; at = one.bytes.indexOf(anItem, at + 1)) {
      if (++items === subscribers * events) tellAfter(lastMs);
    }
  };
  const socket = await openNoted(url, "graphql-transport-ws", (one) => (isSubscribed ? take(one) : resolve()));
  socket.on("close", () => {
    if (!stalls) throw new Error(`a subscriber was sent away: ${messagesIn(noted).at(-1)?.text.slice(0, 500)}`);
  });
  send(socket, JSON.stringify({ type: "connection_init", payload: { authorization } }));
  await acknowledged;
  isSubscribed = true;
  send(socket, subscribe);
  if (stalls) socket.pause();
  else all.push(noted);
}

/** A message as graphql-ws has it. */
interface Next {
  readonly type: string;
  readonly payload?: { readonly data?: { readonly responseProgress?: Progress } };
}

interface Progress {
  readonly seq: number;
  readonly item: Pick<SentItem, "type" | "args" | "output"> | null;
}

/** @throws {Error} when a subscriber got something twice, in another order, with a gap, or no event at all. */
function progressIn(noted: readonly Noted[]): readonly { readonly progress: Progress; readonly atMs: number }[] {
  let last: number | null = null;
  return messagesIn(noted).map(({ atMs, text }) => {
    const { type, payload } = JSON.parse(text) as Next; // graphql-ws's own protocol
    const progress = payload?.data?.responseProgress;
    if (type !== "next" || !progress) throw new Error(text.slice(0, 500));
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
  process.stdout.write(`${JSON.stringify(said)}\n`); // and stays until it is ended: what it costs to leave is no delivery
}

for (let opened = 0; opened < subscribers; opened += openedAtOnce) {
  const count = Math.min(openedAtOnce, subscribers - opened);
  await Promise.all(Array.from({ length: count }, () => open(false)));
}
for (let opened = 0; opened < stalled; opened++) await open(true);
await wait(settleMs);
process.stdout.write("ready\n");
process.stdin.once("data", () => tellAfter(patienceMs)).unref();

/** Tells when nothing has come for so long. */
function tellAfter(quietMs: number): void {
  const before = reads;
  setTimeout(() => (reads === before ? tell() : tellAfter(quietMs)), quietMs);
}
