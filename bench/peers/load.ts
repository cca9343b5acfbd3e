import { once } from "node:events";
import { createInterface } from "node:readline";
import autocannon, { type Result } from "autocannon";
import type { Load, Loaded, LoadRequest } from "../harness/load.ts";
import { percentile } from "../measure.ts";
import { sendPaced } from "./pace.ts";

/** How many requests each server has had: its next load goes on from there. */
const sent = new Map<string, number>();

// Sends each load it reads with autocannon, a line of JSON each, and prints what came of it. Times are taken per
// request, for autocannon's own histogram knows whole milliseconds only.
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await send(JSON.parse(line) as Load))}\n`); // as the bench writes it
}

async function send({ everyMs, ...load }: Load): Promise<Loaded> {
  const start = performance.now();
  const times: number[] = [];
  let end = start;
  const note = (tookMs: number) => {
    times.push(tookMs);
    end = performance.now(); // autocannon looks only once a second whether all has been answered
  };
  if (everyMs === undefined) await sendAtOnce(load, note);
  else await sendPaced(load.url, load.requests, { everyMs, seconds: load.seconds ?? 1 }, note);
  if (times.length === 0) throw new Error(`${load.url} answered nothing`);
  return {
    count: times.length,
    perSecond: times.length / ((end - start) / 1000),
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    p99Ms: percentile(times, 0.99),
  };
}

async function sendAtOnce(
  { url, connections, requests, seconds, amount }: Load,
  note: (tookMs: number) => void,
): Promise<void> {
  const ends = amount === undefined ? { duration: seconds ?? 1 } : { amount };
  const turns = inTurn(requests, sent.get(url) ?? 0, connections);
  const setupClient = (client: autocannon.Client) => client.setRequests(turns.pop() ?? []);
  const sending = autocannon({ url, connections, setupClient, verifyBody, ...ends }, () => {});
  sending.on("response", (_client, _status, _bytes, tookMs) => {
    sent.set(url, (sent.get(url) ?? 0) + 1);
    note(tookMs);
  });
  const [{ non2xx, errors, mismatches }] = (await once(sending, "done")) as [Result];
  if (non2xx + errors + mismatches > 0) {
    throw new Error(`${url}: ${non2xx + mismatches} refusals, ${errors} errors`);
  }
}

/** Shares the requests out among the connections, so that together they send each of them in turn. */
function inTurn(requests: readonly LoadRequest[], start: number, connections: number): LoadRequest[][] {
  const each = Math.ceil(requests.length / connections);
  const shareFrom = (place: number) => Array.from({ length: each }, (_, step) => requestAt(requests, place + step));
  return Array.from({ length: connections }, (_, connection) => shareFrom(start + connection * each));
}

function requestAt(requests: readonly LoadRequest[], place: number): LoadRequest {
  const request = requests[place % requests.length];
  if (!request) throw new Error("there is nothing to send");
  return { ...request }; // autocannon writes into it
}

/** GraphQL refuses with status 200. */
function verifyBody(body: string | Buffer | undefined): boolean {
  return !String(body).includes('"errors":[');
}
