import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { deploymentLabel } from "../labels.ts";
import type { RuntimeEvent } from "../runtime.ts";
import { type Engine, keepWatch, ping, rejectOn } from "./engine.ts";
import { helperLabel } from "./helpers.ts";
import { jsonLinesOf } from "./json-lines.ts";

const connectMs = 10_000;
const heartbeatMs = 10_000;
const heartbeatAnswerMs = 5_000;
const firstRetryMs = 100;
const longestRetryMs = 5_000;

const deathEvent = z.object({
  Action: z.enum(["die", "oom"]),
  Actor: z.object({ Attributes: z.record(z.string(), z.string()) }),
});

/**
 * Follows the engine's events for this deployment, across its restarts. Each connection begins with
 * `connected`, for the engine never tells of what happened while nobody listened.
 */
export async function* eventsOf(engine: Engine, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const ended = AbortSignal.any([signal, engine.closed.signal]);
  let retryMs = firstRetryMs;
  while (!ended.aborted) {
    const stream = await connect(engine, ended).catch(() => null);
    if (stream !== null) {
      retryMs = firstRetryMs;
      yield { kind: "connected" };
      yield* deathsIn(engine, stream, ended);
    }
    await delay(retryMs, undefined, { signal: ended }).catch(() => undefined);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }
}

async function connect(engine: Engine, ended: AbortSignal): Promise<IncomingMessage> {
  const filters = {
    type: ["container"],
    event: ["die", "oom"],
    label: [`${deploymentLabel}=${engine.options.deployment}`],
  };
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("no answer")), connectMs);
  const signal = AbortSignal.any([ended, late.signal]);
  try {
    // The library says "stream"; over HTTP it is Node's own response.
    const stream = engine.docker.getEvents({
      filters: JSON.stringify(filters),
      abortSignal: signal,
    }) as Promise<IncomingMessage>;
    const connected = await Promise.race([stream, rejectOn(signal)]);
    keepWatch(connected.socket);
    return connected;
  } finally {
    clearTimeout(timer);
  }
}

/** Ends when the stream does, without an error: the next connection is the answer to all of them. */
async function* deathsIn(engine: Engine, stream: IncomingMessage, ended: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const stop = () => stream.destroy();
  const heartbeat = setInterval(() => void beat(engine, stop), heartbeatMs);
  ended.addEventListener("abort", stop, { once: true });
  try {
    for await (const line of jsonLinesOf(stream)) {
      const event = eventIn(line);
      if (event?.kind === "outOfMemory") engine.outOfMemoryAt.set(event.container, performance.now());
      if (event !== null && !ended.aborted) yield event;
    }
  } catch {
    // Cut off, by the engine or by us.
  } finally {
    clearInterval(heartbeat);
    ended.removeEventListener("abort", stop);
    stream.destroy();
  }
}

/** A connection over a link that was cut stays silently open; only an answer proves that it lives. */
async function beat(engine: Engine, stop: () => void): Promise<void> {
  const signal = AbortSignal.timeout(heartbeatAnswerMs);
  await Promise.race([ping(engine, signal), rejectOn(signal)]).catch(stop);
}

function eventIn(line: unknown): RuntimeEvent | null {
  const parsed = deathEvent.safeParse(line);
  if (!parsed.success) return null;
  const { name, image: _image, exitCode: _exitCode, ...labels } = parsed.data.Actor.Attributes;
  if (name === undefined || labels[helperLabel] !== undefined) return null;
  return { kind: parsed.data.Action === "die" ? "died" : "outOfMemory", container: name, labels };
}
