import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import { z } from "zod";
import { GatewayError, unavailable } from "../../errors.ts";
import type { ExecResult } from "../runtime.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import type { ExecSession, KnownCommand } from "./exec-session.ts";
import { inspectRaw } from "./inspect.ts";

const lostEngineMs = 15_000;
const lateDeathMs = 5_000;

/**
 * Asks the engine how a command ended whose stream is over, and waits while it still runs.
 *
 * @throws {GatewayError} UNAVAILABLE when the engine stays away, or came back and knows the command no more
 * while its container lives on.
 */
export async function endOf(engine: Engine, session: ExecSession, signal: AbortSignal): Promise<ExecResult> {
  for (let waitMs = 5; !signal.aborted; waitMs = Math.min(waitMs * 2, 250)) {
    const found = await whenEngineIsBack(engine, signal, () =>
      callOrNull(engine, { what: "inspect a command" }, (abortSignal) => session.exec.inspect({ abortSignal })),
    );
    const lost: ExecResult = { end: "containerLost", exitCode: null };
    if (found === null) {
      if (await isContainerLost(engine, session.container, signal)) return lost;
      throw unavailable(`Docker was restarted during a command in "${session.container}"; how it ended is not known`);
    }
    const killed = !found.Running && found.ExitCode === 137;
    if (killed && (await isContainerLost(engine, session.container, signal))) return lost;
    if (killed && hadTooLittleMemory(engine, session)) return { end: "exited", exitCode: 137, outOfMemory: true };
    if (!found.Running && found.ExitCode !== null) return { end: "exited", exitCode: found.ExitCode };
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
  return { end: "aborted", exitCode: null };
}

/**
 * Tells a command that its container's death took along from one that was killed by its own doing: both end
 * with 137, and a busy engine learns of the container's death later than of the command's.
 *
 * Until the engine says that the container stopped, only a main process that lives proves the contrary: the
 * kernel ends it before the others.
 */
export async function isContainerLost(engine: Engine, name: string, signal: AbortSignal): Promise<boolean> {
  for (const until = performance.now() + lateDeathMs; performance.now() < until && !signal.aborted; await delay(50)) {
    const found = await whenEngineIsBack(engine, signal, () => inspectRaw(engine, name));
    if (found === null || !found.State.Running) return true;
    if (await isMainAlive(engine, found)) return false;
  }
  return false;
}

/** What the engine answers of processes; without any, the list is missing. */
const processList = z.object({ Processes: z.array(z.array(z.string())).nullish() });

/** False also where the engine cannot tell, as in the moment when the container goes. */
async function isMainAlive(engine: Engine, { Id, State }: Docker.ContainerInspectInfo): Promise<boolean> {
  const list = (abortSignal: AbortSignal): Promise<unknown> =>
    engine.docker.getContainer(Id).top({ ps_args: "-o pid", abortSignal });
  const answer = await call(engine, { what: "list processes" }, list).catch(() => null);
  const { Processes } = processList.safeParse(answer).data ?? {};
  return Processes?.some(([pid]) => Number(pid) === State.Pid) ?? false;
}

/** The engine says when the kernel killed something for want of memory, but not what. */
const hadTooLittleMemory = (engine: Engine, { container, startedAt }: KnownCommand) =>
  (engine.outOfMemoryAt.get(container) ?? Number.NEGATIVE_INFINITY) > startedAt;

/** An engine that restarts is given some seconds: only afterwards it can tell what became of the command. */
export async function whenEngineIsBack<T>(engine: Engine, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + lostEngineMs; ; await delay(200)) {
    try {
      return await ask();
    } catch (error) {
      const away = error instanceof GatewayError && error.code === "UNAVAILABLE";
      if (!away || signal.aborted || engine.closed.signal.aborted || performance.now() > until) throw error;
    }
  }
}
