import { setTimeout as delay } from "node:timers/promises";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { GatewayError, unavailable } from "../../errors.ts";
import { agentFolder } from "../paths.ts";
import type { ExecCommand, ExecResult, OutputStream } from "../runtime.ts";
import { agentUser } from "./container-options.ts";
import { call, callOrNull, type Engine, keepWatch } from "./engine.ts";
import { framesOf } from "./frames.ts";
import { inspectRaw } from "./inspect.ts";
import { markVariable } from "./kill-script.ts";

/** One command that was started in a container. */
export interface ExecSession {
  readonly container: string;
  readonly mark: string;
  readonly startedAt: number;
  readonly exec: Docker.Exec;
  readonly socket: Duplex;
}

type Startable = Pick<ExecCommand, "argv" | "env" | "cwd" | "stdin">;

const lostEngineMs = 15_000;
const refusal = "OCI runtime exec failed";

/**
 * Starts a command and gives it its input.
 *
 * @throws {GatewayError} CONFLICT when the container does not run or is paused, NOT_FOUND when it is gone.
 */
export async function startSession(
  engine: Engine,
  container: string,
  mark: string,
  command: Startable,
): Promise<ExecSession> {
  const startedAt = performance.now();
  const hasInput = command.stdin !== undefined && command.stdin.length > 0;
  const of = { what: `run a command in container "${container}"`, container };
  const exec = await call(engine, of, (abortSignal) =>
    engine.docker.getContainer(container).exec({
      Cmd: [...command.argv],
      Env: [...Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${value}`), `${markVariable}=${mark}`],
      User: agentUser,
      WorkingDir: command.cwd ?? agentFolder,
      AttachStdin: hasInput,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal,
    }),
  );
  const socket = await call(engine, of, () => exec.start({ hijack: true, stdin: hasInput }));
  keepWatch(socket);
  socket.on("error", () => undefined); // the reader sees it too, and the engine is asked what happened
  if (hasInput) socket.end(command.stdin);
  return { container, mark, startedAt, exec, socket };
}

/** The engine's own words for a command it could not start; it sends them as if the command had printed them. */
export class Refusal {
  text = "";
}

/**
 * Hands the output over, piece by piece, until the stream ends. A broken stream only ends it.
 *
 * The engine's refusal to start the command is kept back in `refused`.
 */
export async function passOutput(
  { socket }: ExecSession,
  onOutput: (chunk: Buffer, stream: OutputStream) => void | Promise<void>,
  refused: Refusal,
): Promise<void> {
  const frames = framesOf(socket);
  let first = true;
  while (true) {
    const next = await frames.next().catch(() => null);
    if (next === null || next.done) return;
    const { content, stream } = next.value;
    if (first && stream === "stdout" && content.toString("latin1").startsWith(refusal))
      refused.text = content.toString();
    else {
      if (refused.text !== "") await onOutput(Buffer.from(refused.text), "stdout");
      refused.text = "";
      await onOutput(content, stream);
    }
    first = false;
  }
}

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
 * Exit code 137 is what a command killed by its own doing and one that died with its container share. The
 * container's death is known a little later than the command's, so it gets a moment to be seen.
 */
export async function isContainerLost(engine: Engine, name: string, signal: AbortSignal): Promise<boolean> {
  for (let tries = 0; tries < 6 && !signal.aborted; tries += 1) {
    const found = await whenEngineIsBack(engine, signal, () => inspectRaw(engine, name));
    if (found === null || !found.State.Running) return true;
    await delay(50);
  }
  return false;
}

/** The engine says when the kernel killed something for want of memory, but not what. */
const hadTooLittleMemory = (engine: Engine, { container, startedAt }: ExecSession) =>
  (engine.outOfMemoryAt.get(container) ?? Number.NEGATIVE_INFINITY) > startedAt;

/** An engine that restarts is given some seconds: only afterwards it can tell what became of the command. */
async function whenEngineIsBack<T>(engine: Engine, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + lostEngineMs; ; await delay(200)) {
    try {
      return await ask();
    } catch (error) {
      const away = error instanceof GatewayError && error.code === "UNAVAILABLE";
      if (!away || signal.aborted || engine.closed.signal.aborted || performance.now() > until) throw error;
    }
  }
}
