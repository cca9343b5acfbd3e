import { judge } from "../goals.ts";
import { openField } from "../harness/field.ts";
import { type Crowd, type Heard, listen, untilAtRest } from "../harness/listen.ts";
import type { Pace } from "../harness/rounds.ts";
import { requireSame } from "../harness/same-answers.ts";
import { median, type Report } from "../measure.ts";

const subscribers = 1000;
const rounds = 3;
/** So many events one after the other find compiled what an event takes besides its deliveries. */
const warmUp: Crowd = { subscribers: 20, events: 500, pauseMs: 0 };

/** 1,000 subscribers on one response, an item five times a second, beside graphql-ws as it comes and beside bare sockets. */
export async function fanOut(pace: Pace): Promise<Report> {
  await using field = await openField("gateway", "wsDefault", "bareSockets");
  await untilAtRest();
  const crowd = { subscribers, events: pace.rounds * 5, pauseMs: 200 };
  const { running, headers } = field;
  const names = ["gateway", "wsDefault", "bareSockets"] as const;
  const heard = { gateway: [] as Heard[], wsDefault: [] as Heard[], bareSockets: [] as Heard[] };
  const letHear = (name: (typeof names)[number], what: Crowd) =>
    listen({ name, running: running[name], headers }, what);
  const shown: { readonly name: string; readonly answer: unknown }[] = [];
  for (const name of names) {
    await letHear(name, warmUp);
    shown.push({ name, answer: withoutOwn((await letHear(name, crowd)).shown) });
  }
  requireSame(shown);
  for (let count = 0; count < rounds; count++) {
    for (const name of names) heard[name].push(await letHear(name, crowd));
  }
  const of = (name: (typeof names)[number], key: "p99Ms" | "cpuUs") => median(heard[name].map((one) => one[key]));
  const cpuUs = of("gateway", "cpuUs");
  const made = (name: (typeof names)[number]) => `${cpuUs.toFixed(1)} µs to ${of(name, "cpuUs").toFixed(1)} µs`;
  return {
    results: [
      judge("fanOutLatency", of("gateway", "p99Ms"), `${of("wsDefault", "p99Ms").toFixed(1)} ms with graphql-ws`),
      judge("fanOutCpu", cpuUs / of("wsDefault", "cpuUs"), made("wsDefault")),
      judge("fanOutToBare", cpuUs / of("bareSockets", "cpuUs"), made("bareSockets")),
    ],
  };
}

/** Places and times are everybody's own. */
const withoutOwn = (shown: Heard["shown"]): unknown =>
  JSON.parse(JSON.stringify(shown, (key, value: unknown) => (key === "seq" || key === "sentMs" ? "its own" : value)));
