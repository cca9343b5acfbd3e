import { conflict } from "../../errors.ts";
import type { ContainerStats } from "../runtime.ts";
import { call, type Engine } from "./engine.ts";

/**
 * Memory without what the kernel only caches, processor use of the last second (100 is one core) and the
 * number of processes. Takes one to two seconds: the engine measures twice. It is not asked for who has aborted.
 *
 * @throws {GatewayError} CONFLICT when the container does not run, NOT_FOUND when it is gone.
 */
export async function statsOf(engine: Engine, container: string, signal?: AbortSignal): Promise<ContainerStats> {
  const of = { what: `measure container "${container}"`, container, ...(signal && { signal }) };
  const stats = await call(engine, of, async (abortSignal) => {
    abortSignal.throwIfAborted(); // it may have waited for others
    const options = { stream: false as const, abortSignal };
    return engine.docker.getContainer(container).stats(options);
  });
  const { memory_stats: memory, cpu_stats: cpu, precpu_stats: before, pids_stats: processes } = stats;
  if (memory.usage === undefined) throw conflict(`Container "${container}" does not run`, { state: "stopped" });
  const cached = memory.stats.inactive_file ?? memory.stats.total_inactive_file ?? 0;
  const used = cpu.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = cpu.system_cpu_usage - (before.system_cpu_usage ?? 0);
  return {
    memoryBytes: Math.max(0, memory.usage - cached),
    cpuPercent: passed > 0 ? Math.max(0, (used / passed) * (cpu.online_cpus || 1) * 100) : 0,
    pids: processes?.current ?? 0,
  };
}
