import type { LogBuffer } from "../log-buffer.ts";
import type { ContainerSpec, ContainerState } from "../runtime.ts";

/** What there is of a simulated container. */
export interface MemoryContainer {
  readonly spec: ContainerSpec;
  readonly log: LogBuffer;
  state: ContainerState;
}

/** How a container begins. */
export const created: ContainerState = { status: "created", startedAt: null, exitCode: null, outOfMemory: false };

/** True while its processes are there. */
export const isAlive = ({ status }: ContainerState) => status === "running" || status === "paused";
