import type Docker from "dockerode";
import { conflict, GatewayError } from "../../errors.ts";
import type { ContainerSpec, ContainerState } from "../runtime.ts";
import { containerOptions } from "./container-options.ts";
import { guardEgress, networkOptions, withdraw } from "./egress.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import { isAlready, isMissing, statusOf } from "./engine-error.ts";
import { inspectExisting, inspectRaw } from "./inspect.ts";
import { killPostponed } from "./kill.ts";
import { adoptVolume, requireVolume } from "./volumes.ts";

const startTimeoutMs = 60_000;
const defaultGraceSeconds = 5;

/**
 * Makes the container of a computer, stopped. The volume must exist: a mount of a missing one would make
 * it without labels, and nobody would own it.
 *
 * @throws {GatewayError} NOT_FOUND when the volume or the image is missing.
 */
export async function ensureContainer(engine: Engine, spec: ContainerSpec): Promise<void> {
  const found = await inspectRaw(engine, spec.name);
  if (found === null) await createContainer(engine, spec);
  if (found === null || found.State.Status === "created") await adoptVolume(engine, spec.volume, spec.image);
}

async function createContainer(engine: Engine, spec: ContainerSpec): Promise<void> {
  await requireVolume(engine, spec.volume);
  const options = containerOptions(spec, engine.options.deployment, networkOptions(engine, spec.network));
  const of = { what: `make container "${spec.name}"`, timeoutMs: startTimeoutMs };
  try {
    await call(engine, of, (abortSignal) => engine.docker.createContainer({ ...options, abortSignal }));
    if (spec.network === "NONE") engine.unconnected.add(spec.name);
  } catch (error) {
    // Another caller was quicker, which is as good.
    if (!(error instanceof GatewayError && error.code === "CONFLICT")) throw error;
    if ((await inspectRaw(engine, spec.name)) === null) throw error;
  }
}

/**
 * Starts or thaws a container. One with EGRESS starts without a network and is ready once it is connected with its
 * other ways closed; where that fails it is stopped. May be repeated for one that runs. What changed since it was
 * `seen` fails or comes as a hint of the engine, as it does in the moment after an inspection of its own.
 *
 * @throws {GatewayError} NOT_FOUND when it is gone.
 */
export async function ensureRunning(engine: Engine, name: string, seen?: ContainerState): Promise<void> {
  const found = (seen && engine.inspected.get(seen)) ?? (await inspectExisting(engine, name));
  const container = engine.docker.getContainer(name);
  if (found.State.Paused) await thaw(engine, name);
  else if (!found.State.Running) {
    forget(engine, name);
    await withdraw(engine, name, found);
    await engine.starts(() =>
      change(engine, `start container "${name}"`, name, (abortSignal) => container.start({ abortSignal })),
    );
  }
  await guardOrStop(engine, name, found);
}

/** Starts a container that is believed to be stopped; `false` when the engine says that it is not, or is gone. */
export async function start(engine: Engine, name: string): Promise<boolean> {
  await withdraw(engine, name);
  const of = { what: `start container "${name}"`, container: name, timeoutMs: startTimeoutMs };
  const isStarted = await engine.starts(() =>
    call(engine, of, async (abortSignal) => {
      try {
        await engine.docker.getContainer(name).start({ abortSignal });
        return true;
      } catch (error) {
        if (isAlready(error) || isMissing(error) || statusOf(error) === 409) return false;
        throw error;
      }
    }),
  );
  if (!isStarted) return false;
  forget(engine, name);
  await guardOrStop(engine, name);
  return true;
}

/** Thaws a container that is believed to be frozen; `false` when the engine says that it is not, or is gone. */
export async function thaw(engine: Engine, name: string): Promise<boolean> {
  const container = engine.docker.getContainer(name);
  const of = { what: `thaw container "${name}"`, container: name, timeoutMs: startTimeoutMs };
  const isThawed = await call(engine, of, async (abortSignal) => {
    try {
      await container.unpause({ abortSignal });
      return true;
    } catch (error) {
      if (isMissing(error) || isAlreadyThawed(error)) return false;
      throw error;
    }
  });
  if (!isThawed) return false;
  await killPostponed(engine, name);
  await guardOrStop(engine, name);
  return true;
}

/** What could not be closed is not connected either; it is stopped because it is not what it should be. */
async function guardOrStop(engine: Engine, name: string, known?: Docker.ContainerInspectInfo): Promise<void> {
  try {
    await guardEgress(engine, name, known);
  } catch (error) {
    await ensureStopped(engine, name, 0).catch((err: unknown) =>
      engine.options.log.warn({ err, container: name }, "a container without its network could not be stopped"),
    );
    throw error;
  }
}

/**
 * Freezes a container, which is only looked at when the engine refuses.
 *
 * @throws {GatewayError} CONFLICT when it does not run, NOT_FOUND when it is gone.
 */
export async function ensurePaused(engine: Engine, name: string): Promise<void> {
  const container = engine.docker.getContainer(name);
  const pause = (abortSignal: AbortSignal) => container.pause({ abortSignal });
  await change(engine, `freeze container "${name}"`, name, pause).catch(async (error: unknown) => {
    const { State } = await inspectExisting(engine, name);
    if (State.Paused) return;
    if (State.Running) throw error;
    throw conflict(`Container "${name}" cannot be paused because it does not run`, { state: "stopped" });
  });
}

/** Stops a container; a paused one is thawed first, for a frozen process hears no signal. */
export async function ensureStopped(
  engine: Engine,
  name: string,
  graceSeconds = defaultGraceSeconds,
  seen?: ContainerState,
): Promise<void> {
  const found = (seen && engine.inspected.get(seen)) ?? (await inspectRaw(engine, name));
  forget(engine, name);
  if (found === null || !found.State.Running) return;
  const container = engine.docker.getContainer(name);
  if (found.State.Paused) {
    await changeOrGone(engine, `thaw container "${name}"`, (abortSignal) => container.unpause({ abortSignal }));
  }
  const timeoutMs = startTimeoutMs + graceSeconds * 1000;
  const stop = (abortSignal: AbortSignal) => container.stop({ t: graceSeconds, abortSignal });
  await changeOrGone(engine, `stop container "${name}"`, stop, timeoutMs);
}

/** Removes a container in whatever state it is; its volume stays, those without a name that its image asked for go. */
export async function removeContainer(engine: Engine, name: string): Promise<void> {
  forget(engine, name);
  engine.unconnected.delete(name);
  const container = engine.docker.getContainer(name);
  const remove = (abortSignal: AbortSignal) => container.remove({ force: true, v: true, abortSignal });
  try {
    await changeOrGone(engine, `remove container "${name}"`, remove);
  } catch (error) {
    // 409: another removal is on its way. The order is done when the container is gone.
    if (!(error instanceof GatewayError && error.code === "CONFLICT")) throw error;
    await callOrNull(
      engine,
      { what: `await the removal of container "${name}"`, timeoutMs: startTimeoutMs },
      (abortSignal) => container.wait({ condition: "removed", abortSignal }),
    );
  }
}

/** What this process remembers of a container holds for one run of it only. */
function forget(engine: Engine, name: string): void {
  engine.guarded.delete(name);
  engine.postponed.delete(name);
  engine.outOfMemoryAt.delete(name);
}

/** An order that is already carried out (304) has succeeded. */
async function change(
  engine: Engine,
  what: string,
  container: string,
  send: (signal: AbortSignal) => Promise<unknown>,
  timeoutMs = startTimeoutMs,
): Promise<void> {
  await call(engine, { what, container, timeoutMs }, (signal) =>
    send(signal).catch((error: unknown) => {
      if (!isAlready(error) && !isAlreadyThawed(error)) throw error;
    }),
  );
}

async function changeOrGone(
  engine: Engine,
  what: string,
  send: (signal: AbortSignal) => Promise<unknown>,
  timeoutMs = startTimeoutMs,
): Promise<void> {
  await call(engine, { what, timeoutMs }, (signal) =>
    send(signal).catch((error: unknown) => {
      if (!isAlready(error) && !isMissing(error) && !isAlreadyThawed(error)) throw error;
    }),
  );
}

/** Thawing what is thawed is an error to the engine, in 20.10 with 500 and later with 409. */
const isAlreadyThawed = (error: unknown) =>
  statusOf(error) !== null && error instanceof Error && /is (not|already) paused/i.test(error.message);
