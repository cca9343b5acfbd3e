import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import { percentile } from "../measure.ts";

// Many subscribers on sockets of their own. `node subscribers.ts URL AUTHORIZATION RESPONSE COUNT EVENTS`: says
// `ready` when all listen, and how long events took when everybody has had all of them. An item's text is the time
// when it was sent.
const [url = "", authorization = "", response = "", count = "1", events = "1"] = process.argv.slice(2);
const subscribers = Number(count);
const expected = subscribers * Number(events);
const settleMs = 2000;

const query = `subscription Watch($id: ID!) { responseProgress(id: $id) { seq kind item { seq type raw } } }`;
const subscribe = JSON.stringify({ id: "1", type: "subscribe", payload: { query, variables: { id: response } } });
const tookMs: number[] = [];

interface Message {
  readonly type: string;
  readonly payload?: {
    readonly data?: { readonly responseProgress?: { readonly item?: { readonly raw?: { readonly text?: string } } } };
  };
}

async function open(): Promise<void> {
  const socket = new WebSocket(url, "graphql-transport-ws");
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } })));
    socket.on("message", (bytes: Buffer) => {
      const { type, payload } = JSON.parse(bytes.toString()) as Message; // graphql-ws's own protocol
      if (type === "ping") socket.send(`{"type":"pong"}`);
      if (type === "connection_ack") socket.send(subscribe, () => resolve());
      if (type === "next") note(payload?.data?.responseProgress?.item?.raw?.text);
      if (type === "error" || type === "complete") throw new Error(bytes.toString());
    });
  });
}

function note(sentAt: string | undefined): void {
  if (sentAt === undefined) return; // a status
  tookMs.push(performance.timeOrigin + performance.now() - Number(sentAt));
  if (tookMs.length < expected) return;
  process.stdout.write(`${JSON.stringify({ p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) })}\n`, () =>
    process.exit(),
  );
}

for (let opened = 0; opened < subscribers; opened++) await open();
await wait(settleMs);
process.stdout.write("ready\n");
