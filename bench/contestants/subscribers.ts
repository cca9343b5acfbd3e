import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Asked } from "../harness/listen.ts";
import { percentile } from "../measure.ts";

// Many subscribers on sockets of their own. `node subscribers.ts ASKED` (as JSON): says `ready` when all listen, and
// how long events took when everybody has had all of them. An item's text begins with the time when it was sent.
const { url, authorization, response, subscribers, events, stalled } = JSON.parse(process.argv[2] ?? "{}") as Asked; // as the harness writes it
const settleMs = 2000;
const openedAtOnce = 20;
/** What no one has answered by now was lost. */
const patienceMs = 30_000;

const query = `subscription Watch($id: ID!) { responseProgress(id: $id) { seq kind item { seq type raw } } }`;
const subscribe = JSON.stringify({ id: "1", type: "subscribe", payload: { query, variables: { id: response } } });
const tookMs: number[] = [];

interface Message {
  readonly type: string;
  readonly payload?: {
    readonly data?: {
      readonly responseProgress?: {
        readonly seq: number;
        readonly item?: { readonly raw?: { readonly text?: string } };
      };
    };
  };
}

async function open(stalls: boolean): Promise<void> {
  const socket = new WebSocket(url, "graphql-transport-ws");
  let last: number | null = null;
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code) => {
      if (!stalls) throw new Error(`a subscriber was sent away: ${code}`);
    });
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } })));
    socket.on("message", (bytes: Buffer) => {
      const { type, payload } = JSON.parse(bytes.toString()) as Message; // graphql-ws's own protocol
      if (type === "ping") socket.send(`{"type":"pong"}`);
      if (type === "connection_ack") socket.send(subscribe, () => resolve());
      if (type === "error" || type === "complete") throw new Error(bytes.toString());
      const progress = payload?.data?.responseProgress;
      if (type !== "next" || !progress || stalls) return;
      if (last !== null && progress.seq !== last + 1) throw new Error(`${progress.seq} came after ${last}`);
      last = progress.seq;
      note(progress.item?.raw?.text);
    });
  });
  if (stalls) socket.pause();
}

function note(text: string | undefined): void {
  if (text === undefined) return; // a status
  tookMs.push(performance.timeOrigin + performance.now() - Number.parseFloat(text));
  if (tookMs.length === subscribers * events) tell();
}

function tell(): void {
  const lost = subscribers * events - tookMs.length;
  const said = { p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99), lost };
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
