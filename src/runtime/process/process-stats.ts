import { setTimeout as pause } from "node:timers/promises";
import type { ContainerStats } from "../runtime.ts";
import { type ProcessEntry, residentBytes, ticksPerSecond } from "./process-table.ts";

const sampleMs = 100;

/** Adds up the processes of a container; the processor's share is measured over a tenth of a second. */
export async function statsOf(find: () => readonly ProcessEntry[]): Promise<ContainerStats> {
  const before = new Map(find().map(({ pid, cpuTicks }) => [pid, cpuTicks]));
  await pause(before.size > 0 ? sampleMs : 0);
  const processes = find();
  const ticks = processes.reduce((sum, { pid, cpuTicks }) => sum + cpuTicks - (before.get(pid) ?? 0), 0);
  return {
    memoryBytes: processes.reduce((sum, { pid }) => sum + residentBytes(pid), 0),
    cpuPercent: (ticks / ticksPerSecond / (sampleMs / 1000)) * 100,
    pids: processes.length,
  };
}
