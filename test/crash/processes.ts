import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { eventually } from "./watch.ts";

/** A duration for `sleep` that no other process of this machine has. */
export const newMark = () => `${600 + Math.floor(Math.random() * 300)}.${Math.floor(Math.random() * 1e9)}`;

/** The ids of living processes with an argument that is exactly this. */
function processesWith(argument: string): readonly number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && argumentsOf(entry).includes(argument))
    .map(Number);
}

/** Resolves when a process with that argument runs. */
export const untilProcess = (argument: string) => eventually(() => expect(processesWith(argument)).not.toEqual([]));

/** Resolves when no process with that argument is left. */
export const untilNoProcess = (argument: string) => eventually(() => expect(processesWith(argument)).toEqual([]));

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it ended while we looked
  }
}
