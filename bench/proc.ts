import { readFile } from "node:fs/promises";

const ticksPerSecond = 100;

/** Processor time a process has used; with the children that it has waited for, when those are asked for. Linux only. */
export async function processorSeconds(pid: number, { withEnded = false } = {}): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  const ticks = fields.slice(11, withEnded ? 15 : 13).map(Number);
  return ticks.reduce((sum, one) => sum + one, 0) / ticksPerSecond;
}

/** Memory of a process that is in use. Linux only. */
export async function residentMegabytes(pid: number): Promise<number> {
  const line = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) / 1024;
}
