import { conflict, notFound } from "../errors.ts";
import type { ContainerState } from "./runtime.ts";

/** What is answered where a container must run and does not. */
export const notRunning = (container: string, state: ContainerState["status"]) =>
  conflict(`Container "${container}" is ${state}, not running`, { state });

/** @throws {GatewayError} NOT_FOUND */
export function existing<T>(all: ReadonlyMap<string, T>, kind: string, name: string): T {
  const found = all.get(name);
  if (found === undefined) throw notFound(kind, name);
  return found;
}
