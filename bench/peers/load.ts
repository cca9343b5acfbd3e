import { once } from "node:events";
import { json } from "node:stream/consumers";
import autocannon, { type Result } from "autocannon";
import type { Load, Loaded } from "../harness/load.ts";
import { percentile } from "../measure.ts";

// Sends the load it reads with autocannon and prints what came of it. Times are taken per request, for autocannon's
// own histogram knows whole milliseconds only.
const { url, connections, requests, seconds, amount } = (await json(process.stdin)) as Load;

const times: number[] = [];
// GraphQL refuses with status 200.
const verifyBody = (body: string | Buffer | undefined) => !String(body).includes('"errors":[');
const ends = amount === undefined ? { duration: seconds ?? 1 } : { amount };
const sending = autocannon({ url, connections, requests: [...requests], ...ends, verifyBody }, () => {});
sending.on("response", (_client, _status, _bytes, tookMs) => times.push(tookMs));
const [{ duration, non2xx, errors, mismatches }] = (await once(sending, "done")) as [Result];
if (non2xx + errors + mismatches > 0) {
  throw new Error(`${url}: ${non2xx + mismatches} refusals, ${errors} errors, ${times.length} answers`);
}

const loaded: Loaded = {
  count: times.length,
  perSecond: times.length / duration,
  p50Ms: percentile(times, 0.5),
  p95Ms: percentile(times, 0.95),
  p99Ms: percentile(times, 0.99),
};
process.stdout.write(JSON.stringify(loaded));
