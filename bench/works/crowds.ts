import { judge } from "../goals.ts";
import { openField } from "../harness/field.ts";
import { type Crowd, listen, untilAtRest } from "../harness/listen.ts";
import type { Pace } from "../harness/rounds.ts";
import { percentile, type Report } from "../measure.ts";

const quick: Crowd = { subscribers: 500, events: 100, pauseMs: 20 };
const many: Crowd = { subscribers: 2000, events: 10, pauseMs: 200 };
const silent: Crowd = { subscribers: 1000, events: 0, pauseMs: 0 };
/**
 * So much that the buffers on the way to a reader that stops fill, in many events: the slowest hundredth of few would be
 * those that met a collection or the disk.
 */
const large: Crowd = { subscribers: 10, events: 600, pauseMs: 10, itemBytes: 10_000 };

/** What many subscribers of one response see and cost: at a quick pace, in large numbers, beside one that stalls. */
export async function crowds(pace: Pace): Promise<Report> {
  await using field = await openField("gateway");
  await untilAtRest();
  const { running, headers } = field;
  const round = (crowd: Crowd) => listen({ name: "gateway", running: running.gateway, headers }, crowd);
  await round({ ...quick, subscribers: 50 }); // to find everything compiled
  const { memoryBytes } = await round(silent); // before more memory has ever been needed
  const { p99Ms } = await round(quick);
  const { lost } = await round(many);
  const slower: number[] = [];
  for (let count = 0; count < pace.rounds; count++) {
    const alone = await round(large);
    const beside = await round({ ...large, stalled: 1 });
    slower.push(beside.p99Ms - alone.p99Ms);
  }
  return {
    results: [
      judge("quickPace", p99Ms),
      judge("manyLost", lost),
      judge("besideStalled", Math.max(0, percentile(slower, 0.5))),
      judge("subscriptionMemory", memoryBytes / 1000),
    ],
  };
}
