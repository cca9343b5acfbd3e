import type Docker from "dockerode";
import { notFound } from "../../errors.ts";
import type { ContainerState } from "../runtime.ts";
import { callOrNull, type Engine } from "./engine.ts";

/** The engine's own description of a container, or `null`. */
export const inspectRaw = (engine: Engine, name: string) =>
  callOrNull(engine, { what: `inspect container "${name}"` }, (abortSignal) =>
    engine.docker.getContainer(name).inspect({ abortSignal }),
  );

/** @throws {GatewayError} NOT_FOUND when there is no such container. */
export async function inspectExisting(engine: Engine, name: string): Promise<Docker.ContainerInspectInfo> {
  const found = await inspectRaw(engine, name);
  if (found === null) throw notFound("Container", name);
  return found;
}

/** What the port tells of a container. */
export async function inspectContainer(engine: Engine, name: string): Promise<ContainerState | null> {
  const found = await inspectRaw(engine, name);
  if (found === null) return null;
  const { State } = found;
  const status = statusNamed(State.Status);
  const state: ContainerState = {
    status,
    startedAt: status === "created" || State.StartedAt.startsWith("0001") ? null : new Date(State.StartedAt),
    exitCode: status === "stopped" ? State.ExitCode : null,
    outOfMemory: status === "stopped" && State.OOMKilled,
  };
  engine.inspected.set(state, found);
  return state;
}

/** The engine knows more words (restarting, removing, exited, dead); none of those runs. */
export function statusNamed(status: string): ContainerState["status"] {
  if (status === "running" || status === "paused" || status === "created") return status;
  return "stopped";
}
