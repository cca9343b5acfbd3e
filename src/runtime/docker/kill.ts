import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { GatewayError, unavailable } from "../../errors.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import { endOf, isContainerLost } from "./exec-end.ts";
import { type KnownCommand, passOutput, Refusal, startSession } from "./exec-session.ts";
import { killScript } from "./kill-script.ts";

const convergeMs = 10_000;
const scriptMs = 20_000;
/** How much earlier than it was asked for a command may seem to have started, measured inside the container. */
const slackMs = 1_000;

/**
 * Ends one command with its whole tree. Where even that does not help, such as against more forks than can be
 * counted, the container is killed: nothing of a command may outlive its end.
 *
 * A frozen container cannot be reached; what it holds is ended when it is thawed.
 */
export async function killCommand(engine: Engine, command: KnownCommand): Promise<void> {
  const { container, mark, startedAt } = command;
  try {
    for (const until = performance.now() + convergeMs; performance.now() < until; await delay(50)) {
      const ago = Math.ceil((performance.now() - startedAt + slackMs) / 10);
      const clean = await runKill(engine, container, ["one", mark, String(ago)]);
      if (clean && (await isOver(engine, command))) return;
    }
  } catch (error) {
    if (isCode(error, "NOT_FOUND")) return;
    if (isCode(error, "CONFLICT")) return postpone(engine, command);
    engine.options.log.warn({ err: error, container }, "a command could not be ended from within");
  }
  await killContainer(engine, container);
}

/**
 * Ends every command that another process than this one started.
 *
 * @throws {GatewayError} UNAVAILABLE when some are left.
 */
export async function killCommands(engine: Engine, container: string): Promise<void> {
  if (await runKill(engine, container, ["others", engine.process, "0"])) return;
  throw unavailable(`Container "${container}" still runs commands that could not be ended; stop it`);
}

/** Ends what could not be ended while the container was frozen. */
export async function killPostponed(engine: Engine, container: string): Promise<void> {
  for (const mark of engine.postponed.get(container) ?? []) await runKill(engine, container, ["one", mark, "0"]);
  engine.postponed.delete(container);
}

function postpone(engine: Engine, { container, mark }: KnownCommand): void {
  engine.postponed.set(container, [...(engine.postponed.get(container) ?? []), mark]);
}

/**
 * True when nothing is left: the script found nothing, or the container is down. The script is a command like
 * any other, with a mark of this process.
 */
async function runKill(engine: Engine, container: string, args: readonly string[]): Promise<boolean> {
  const mark = `${engine.process}-kill${randomBytes(4).toString("hex")}`;
  const argv = ["/bin/sh", "-c", killScript, "kill", ...args];
  const session = await startSession(engine, container, mark, { argv });
  const late = AbortSignal.timeout(scriptMs);
  const destroy = () => session.socket.destroy();
  late.addEventListener("abort", destroy, { once: true });
  try {
    const refused = new Refusal();
    await passOutput(engine, session, () => undefined, refused);
    const { end, exitCode } = await endOf(engine, session, late);
    if (end === "containerLost" || exitCode === 0) return true;
    return refused.text !== "" && (await isContainerLost(engine, session.container, late));
  } finally {
    late.removeEventListener("abort", destroy);
    session.socket.destroy();
  }
}

/** A command that was started a moment ago may have no process yet; one just killed is known as ended soon. */
async function isOver(engine: Engine, { exec }: KnownCommand): Promise<boolean> {
  for (let tries = 0; tries < 8; tries += 1) {
    const found = await callOrNull(engine, { what: "inspect a command" }, (abortSignal) =>
      exec.inspect({ abortSignal }),
    );
    if (found?.Running !== true) return true;
    await delay(20);
  }
  return false;
}

async function killContainer(engine: Engine, container: string): Promise<void> {
  engine.options.log.warn({ container }, "killing a container whose command could not be ended");
  await call(engine, { what: `kill container "${container}"`, container }, (abortSignal) =>
    engine.docker.getContainer(container).kill({ abortSignal }),
  ).catch((error: unknown) => {
    if (!isCode(error, "NOT_FOUND") && !isCode(error, "CONFLICT")) throw error;
  });
}

const isCode = (error: unknown, code: string) => error instanceof GatewayError && error.code === code;
