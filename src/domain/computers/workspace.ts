import type { Workspace, WorkspaceCommand, WorkspaceResult } from "../../engines/engine.ts";
import { GatewayError, unavailable } from "../../errors.ts";
import type { LogEvent } from "../../events/event.ts";
import type { Gateway } from "../../gateway.ts";
import { computerStream, containerName } from "./computer.ts";
import { wasNotStarted } from "./failure.ts";
import { readComputer } from "./service.ts";

/** How long a command waits for its computer; a first start may have to build or pull the image. */
const startLimitMs = 10 * 60_000;
/** How soon to ask again for a computer that should run and does not, if nothing is heard of it before. */
const askAgainMs = 1_000;

/** One computer as engines and set-up scripts use it. Every call waits until the computer runs. */
export function openWorkspace(gateway: Gateway, computerId: string, signal: AbortSignal): Workspace {
  const container = () => runningContainer(gateway, computerId, signal);
  const { runtime } = gateway;
  return {
    run: (command) => runCommand(gateway, computerId, command, signal),
    readFile: async (path, maxBytes) => runtime.files.read(await container(), path, maxBytes),
    writeFile: async (path, content) => runtime.files.write(await container(), path, content),
    listFiles: async (path) => runtime.files.list(await container(), path),
  };
}

/** Ends the commands that a gateway process which died left running in the computer, if it is up. */
export async function killLeftOverCommands(gateway: Gateway, computerId: string): Promise<void> {
  const computer = await gateway.store.computer.findUnique({ where: { id: computerId } });
  if (computer?.phase !== "RUNNING") return;
  await gateway.runtime.killCommands(containerName(computer)).catch((error: unknown) => {
    if (!isDown(error)) throw error; // else it died with the gateway, and its commands with it
  });
}

/**
 * Runs a command as soon as the computer takes it. That a container has died, or its engine is away, is known later
 * than a command meets it; one that was not even started waits until the computer is back.
 */
async function runCommand(gateway: Gateway, id: string, command: WorkspaceCommand, signal: AbortSignal) {
  const limit = AbortSignal.timeout(startLimitMs);
  for (;;) {
    const changed = nextEvent(gateway, computerStream(id), AbortSignal.any([signal, AbortSignal.timeout(askAgainMs)]));
    try {
      return await execute(gateway, await runningContainer(gateway, id, signal), command);
    } catch (error) {
      if (!isDown(error) && !wasNotStarted(error)) throw error;
      if (limit.aborted) throw unavailable("The computer did not take the command in time", error);
      await changed.promise;
      signal.throwIfAborted();
    } finally {
      changed.stop();
    }
  }
}

const isDown = (error: unknown) =>
  error instanceof GatewayError && (error.code === "NOT_FOUND" || error.code === "CONFLICT");

async function execute(gateway: Gateway, container: string, command: WorkspaceCommand): Promise<WorkspaceResult> {
  const result = await gateway.runtime.exec(container, command);
  if (result.end !== "containerLost") return result;
  const state = await gateway.runtime.inspect(container).catch(() => null);
  return { ...result, outOfMemory: state?.outOfMemory ?? false };
}

/**
 * The name of the computer's container, as soon as it runs.
 *
 * @throws UNAVAILABLE when it is given up, removed, not wanted up, or not up in time.
 */
export async function runningContainer(gateway: Gateway, id: string, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(startLimitMs)]);
  for (;;) {
    // The listener is set before the row is read, so a change between the two is not missed.
    const changed = nextEvent(gateway, computerStream(id), limit);
    const computer = await readComputer(gateway, id);
    if (computer?.phase === "RUNNING" && computer.desired === "RUNNING") {
      changed.stop();
      return containerName(computer);
    }
    if (computer?.desired !== "RUNNING") {
      changed.stop();
      const reason = computer?.lastError ? `: ${computer.lastError}` : "";
      throw unavailable(`The computer is not running${reason}; wake the agent (or resume the session) to try again`);
    }
    await changed.promise;
    signal.throwIfAborted();
    if (limit.aborted) throw unavailable("The computer did not start in time");
  }
}

/** Resolves with the next announcement of a stream, or when the signal aborts. */
function nextEvent(gateway: Pick<Gateway, "tail">, stream: string, signal: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<LogEvent | null>();
  const onAbort = () => resolve(null);
  const unsubscribe = gateway.tail.subscribe(stream, { event: resolve, lost: () => resolve(null) });
  signal.addEventListener("abort", onAbort, { once: true });
  const stop = () => {
    unsubscribe();
    signal.removeEventListener("abort", onAbort);
    resolve(null);
  };
  void promise.then(stop);
  return { promise, stop };
}
