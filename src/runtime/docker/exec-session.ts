import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { agentFolder } from "../paths.ts";
import type { ExecCommand, OutputStream } from "../runtime.ts";
import { agentUser } from "./container-options.ts";
import { call, callOrNull, type Engine, keepWatch } from "./engine.ts";
import { framesOf } from "./frames.ts";
import { markVariable } from "./kill-script.ts";

/** One command of a container, as the engine knows it. */
export interface KnownCommand {
  readonly container: string;
  readonly mark: string;
  readonly startedAt: number;
  readonly exec: Docker.Exec;
}

/** One command that was started in a container. */
export interface ExecSession extends KnownCommand {
  readonly socket: Duplex;
}

/** Sees to a command whose start failed for its caller; `starting` is what the engine says, or will say, of it. */
type Abandon = (engine: Engine, command: KnownCommand, starting: Promise<Duplex>) => Promise<void>;

type Startable = Pick<ExecCommand, "argv" | "env" | "cwd" | "stdin">;

/**
 * Starts a command and gives it its input. One that fails to start is handed to `abandon` first, for the engine may begin
 * what it did not answer in time.
 *
 * @throws {GatewayError} CONFLICT when the container does not run or is paused, NOT_FOUND when it is gone.
 */
export async function startSession(
  engine: Engine,
  container: string,
  mark: string,
  command: Startable,
  abandon: Abandon = letGo,
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
  const known = { container, mark, startedAt, exec };
  const starting = watched(exec.start({ hijack: true, stdin: hasInput }));
  const socket = await call(engine, of, () => starting).catch(async (error: unknown) => {
    await abandon(engine, known, starting);
    throw error;
  });
  if (hasInput) socket.end(command.stdin);
  return { ...known, socket };
}

async function watched(starting: Promise<Duplex>): Promise<Duplex> {
  const socket = await starting;
  keepWatch(socket);
  socket.on("error", () => undefined); // the reader sees it too, and the engine is asked what happened
  return socket;
}

/** Closes the stream of a command that nobody waits for any more, as soon as there is one. */
export const letGo: Abandon = async (_engine, _command, starting) =>
  void starting.then(
    (socket) => socket.destroy(),
    () => undefined,
  );

/**
 * The engine's own words for a command it could not start: it sends them as if the command had printed them, as
 * one line and nothing else. They come in many forms, so that the line's end and the missing process tell them.
 */
export class Refusal {
  text = "";
}

const endOfRefusal = "\r\n";

/**
 * Hands the output over, piece by piece, until the stream ends. A broken stream only ends it.
 *
 * The engine's refusal to start the command is kept back in `refused`.
 */
export async function passOutput(
  engine: Engine,
  session: ExecSession,
  onOutput: (chunk: Buffer, stream: OutputStream) => void | Promise<void>,
  refused: Refusal,
): Promise<void> {
  const frames = framesOf(session.socket);
  let first = true;
  while (true) {
    const next = await frames.next().catch(() => null);
    if (next === null || next.done) return;
    const { content, stream } = next.value;
    const mayRefuse = first && stream === "stdout" && content.toString("latin1").endsWith(endOfRefusal);
    if (mayRefuse && !(await wasStarted(engine, session))) refused.text = content.toString();
    else {
      if (refused.text !== "") await onOutput(Buffer.from(refused.text), "stdout");
      refused.text = "";
      await onOutput(content, stream);
    }
    first = false;
  }
}

async function wasStarted(engine: Engine, { exec }: ExecSession): Promise<boolean> {
  const of = { what: "inspect a command" };
  const found = await callOrNull(engine, of, (abortSignal) => exec.inspect({ abortSignal })).catch(() => null);
  return found !== null && (found.Running || found.Pid !== 0);
}
