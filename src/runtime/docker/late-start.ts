import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { endsWithin } from "../../timers.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import { isUnreachable, statusOf } from "./engine-error.ts";
import { whenEngineIsBack } from "./exec-end.ts";
import { type KnownCommand, letGo } from "./exec-session.ts";
import { killCommand } from "./kill.ts";

/** An engine that has not answered by then never will. */
const longestSilenceMs = 600_000;
/** So long after the answer, or after the connection broke, a command may still begin. */
const beginningMs = 30_000;
/** So long whoever asked for the command is kept waiting for its end. */
const patienceMs = 5_000;

/**
 * Ends a command that the engine may have begun, or begin later, though its start failed here: the engine did not answer
 * in time, or the connection broke. Resolves when nothing is left of it, or after some seconds; it is ended all the same.
 */
export async function endLateStart(engine: Engine, command: KnownCommand, starting: Promise<Duplex>): Promise<void> {
  const ended = endOnceBegun(engine, command, starting)
    .catch((err: unknown) => {
      const { container } = command;
      engine.options.log.warn({ err, container }, "a command that was started late may not have ended");
    })
    .finally(() => letGo(engine, command, starting)); // not before: at the end of its input it might go on
  await endsWithin(ended, patienceMs);
}

async function endOnceBegun(engine: Engine, command: KnownCommand, starting: Promise<Duplex>): Promise<void> {
  if (await wasRefused(engine, starting)) return;
  for (const until = performance.now() + beginningMs; performance.now() < until; await delay(100)) {
    const found = await whenEngineIsBack(engine, engine.closed.signal, () =>
      callOrNull(engine, { what: "inspect a command" }, (abortSignal) => command.exec.inspect({ abortSignal })),
    );
    if (found === null) return;
    if (found.Running || found.ExitCode !== null) return await killCommand(engine, command);
  }
}

/** True when the command cannot begin: the engine said so, or never heard of it. */
async function wasRefused(engine: Engine, starting: Promise<Duplex>): Promise<boolean> {
  const refused = starting.then(
    () => false,
    (error: unknown) => statusOf(error) !== null || isUnreachable(error),
  );
  return await call(engine, { what: "start a command", timeoutMs: longestSilenceMs }, () => refused);
}
