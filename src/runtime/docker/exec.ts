import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { conflict, GatewayError, unavailable } from "../../errors.ts";
import type { ExecCommand, ExecResult } from "../runtime.ts";
import { closeEgress } from "./egress.ts";
import type { Engine } from "./engine.ts";
import { isUnreachable, statusOf } from "./engine-error.ts";
import { inspectExisting } from "./inspect.ts";
import { endOf, isContainerLost } from "./exec-end.ts";
import { type ExecSession, passOutput, Refusal, startSession } from "./exec-session.ts";
import { killCommand } from "./kill.ts";
import { endLateStart } from "./late-start.ts";

const lastOutputMs = 1_000;
const aborted: ExecResult = { end: "aborted", exitCode: null };

/**
 * Runs a command to its end, to its time limit or until it is aborted, whichever is first; in the last two
 * cases nothing of it is left when this returns.
 *
 * What `onOutput` throws ends the command too, and is thrown on.
 *
 * @throws {GatewayError} CONFLICT, NOT_FOUND, UNAVAILABLE (see the port).
 */
export async function exec(engine: Engine, container: string, command: ExecCommand): Promise<ExecResult> {
  if (command.signal?.aborted) return aborted;
  await closeEgress(engine, container);
  const mark = `${engine.process}-${randomBytes(8).toString("hex")}`;
  const session = await startSession(engine, container, mark, command, endLateStart).catch((error: unknown) =>
    refusedStart(engine, container, error),
  );
  if ("refused" in session) return await answerRefusal(command, session.refused, async () => false);
  command.onStart?.();
  using limit = limitOf(command);
  try {
    const run = runToEnd(engine, session, command, limit.over.signal);
    const ended = await Promise.race([run, limit.reached]).catch(async (error: unknown) => {
      await killCommand(engine, session);
      throw error;
    });
    if (typeof ended !== "string") return ended;
    await killCommand(engine, session);
    limit.over.abort(); // how it ended is known; what it printed last may still be on its way
    await Promise.race([run.catch(() => undefined), delay(lastOutputMs)]);
    return { end: ended, exitCode: null };
  } finally {
    limit.over.abort();
    session.socket.destroy();
  }
}

async function runToEnd(engine: Engine, session: ExecSession, command: ExecCommand, signal: AbortSignal) {
  const refused = new Refusal();
  await passOutput(engine, session, (chunk, stream) => command.onOutput?.(chunk, stream), refused);
  const result = await endOf(engine, session, signal);
  if (refused.text === "" || result.end !== "exited") return result;
  if (result.exitCode === 126 || result.exitCode === 127)
    return await answerRefusal(command, refused.text, () => isContainerLost(engine, session.container, signal));
  await command.onOutput?.(Buffer.from(refused.text), "stdout");
  return result;
}

/**
 * Engines since 25 refuse a missing program or folder with 400 when the command is started. A container that
 * stopped between the making of a command and its start is refused in several ways, all of them a CONFLICT.
 */
async function refusedStart(engine: Engine, container: string, error: unknown): Promise<{ readonly refused: string }> {
  const cause = error instanceof Error ? error.cause : null;
  const status = statusOf(cause);
  if (status === 400 && cause instanceof Error) return { refused: cause.message };
  if (isUnreachable(cause) && error instanceof GatewayError) {
    throw new GatewayError("UNAVAILABLE", error.message, { state: "notStarted" }, cause);
  }
  const answered = error instanceof GatewayError && (status !== null || error.code !== "UNAVAILABLE");
  if (!answered) throw error;
  const { State } = await inspectExisting(engine, container);
  if (!State.Running) throw conflict(`Container "${container}" does not run`, { state: "stopped" });
  throw error;
}

/**
 * A missing program or folder is an ordinary end with the code a shell gives: 127, or 126 for what may not be
 * run. Any other refusal is the container's end or the engine's failure.
 */
async function answerRefusal(command: ExecCommand, text: string, isLost: () => Promise<boolean>): Promise<ExecResult> {
  const reason = text
    .replace(/^.*(unable to start container process|exec failed): /s, "")
    .replace(/: unknown\s*$/, "")
    .trim();
  if (!/^(exec[: ]|chdir to cwd)/.test(reason)) {
    if (await isLost()) return { end: "containerLost", exitCode: null };
    throw unavailable(`Docker could not start a command: ${reason}`);
  }
  await command.onOutput?.(Buffer.from(`${reason}\n`), "stderr");
  return { end: "exited", exitCode: /permission denied/i.test(reason) ? 126 : 127 };
}

/** Resolves with why the command must end; `over` tells the waiting to give up. */
function limitOf({ timeoutMs, signal }: ExecCommand) {
  const { promise: reached, resolve } = Promise.withResolvers<"timedOut" | "aborted">();
  const timer = setTimeout(() => resolve("timedOut"), timeoutMs);
  const onAbort = () => resolve("aborted");
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const dispose = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  return { reached, over: new AbortController(), [Symbol.dispose]: dispose };
}
