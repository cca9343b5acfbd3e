import { conflict } from "../errors.ts";
import type { ContainerState } from "./runtime.ts";

/** What is answered where a container must run and does not. */
export const notRunning = (container: string, state: ContainerState["status"]) =>
  conflict(`Container "${container}" is ${state}, not running`, { state });
