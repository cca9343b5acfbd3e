import { judge } from "../goals.ts";
import { openField } from "../harness/field.ts";
import { type Heard, listen } from "../harness/listen.ts";
import type { Pace } from "../harness/rounds.ts";
import { percentile, type Report } from "../measure.ts";

const subscribers = 1000;
const rounds = 3;

/** 1,000 subscribers on one response, an item five times a second, beside graphql-ws as it comes. */
export async function fanOut(pace: Pace): Promise<Report> {
  await using field = await openField("gateway", "wsDefault");
  const crowd = { subscribers, events: pace.rounds * 5, pauseMs: 200 };
  const { running, headers } = field;
  const names = ["gateway", "wsDefault"] as const;
  const heard = { gateway: [] as Heard[], wsDefault: [] as Heard[] };
  const round = (name: (typeof names)[number]) => listen({ name, running: running[name], headers }, crowd);
  for (const name of names) await round(name); // finds everything compiled
  for (let count = 0; count < rounds; count++) {
    for (const name of names) heard[name].push(await round(name));
  }
  const median = (name: (typeof names)[number], key: keyof Heard) =>
    percentile(
      heard[name].map((one) => one[key]),
      0.5,
    );
  return {
    results: [
      judge("fanOutLatency", median("gateway", "p99Ms")),
      judge("fanOutCpu", median("gateway", "cpuUs") / median("wsDefault", "cpuUs")),
    ],
  };
}
