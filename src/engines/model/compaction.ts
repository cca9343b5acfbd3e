import type { EngineJob } from "../engine.ts";
import { commentary } from "../items.ts";
import { type Told, summaryMessages, tellEarlier } from "./conversation.ts";
import { type Asking, summarise } from "./summary.ts";

/** From this part of the budget on, what was said before is summarised. */
const NEAR = 0.9;

/**
 * Tells what was said before. Where that nears the budget it is summarised first, and from then on the summary is
 * told in its place. A summary that cannot be had fails nothing: then what fits is told, and the rest left out.
 *
 * @throws the signal's reason when the job is aborted.
 */
export async function openEarlier(job: EngineJob, asking: Asking, budget: number): Promise<Told["messages"]> {
  const told = await tellEarlier(job, budget);
  if (!isNearlyFull(told, budget)) return told.messages;
  const summary = await summarise(asking, told, budget);
  if ("failure" in summary) return told.messages;
  await job.compact(summary.text, commentary(NOTE), summary.usage);
  return summaryMessages(summary.text);
}

/** A summary alone is not summarised again. */
const isNearlyFull = ({ tokens, exchanges, leftOut }: Told, budget: number) =>
  leftOut !== null || (exchanges > 0 && tokens >= budget * NEAR);

const NOTE =
  "The conversation has grown long: what was said before was summarised, and the summary is told in its place.";
