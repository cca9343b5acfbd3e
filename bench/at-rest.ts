import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { startGatewayProcess } from "../test/support/gateway-process.ts";
import type { Result } from "./measure.ts";

const settleMs = 5_000;
const watchMs = 20_000;
const ticksPerSecond = 100;

/** Memory and processor of a gateway that has an idle agent and nothing to do. Linux only: it reads /proc. */
export async function atRest(): Promise<readonly Result[]> {
  const gateway = await startGatewayProcess({
    env: { RAWORC_RUNTIME: process.env["BENCH_RUNTIME"] ?? "auto" },
  });
  try {
    await gateway.ask(`mutation { createAgent(input: { name: "resting", engine: SHELL }) { name } }`);
    await wait(settleMs);
    const before = await ticksOf(gateway.pid);
    await wait(watchMs);
    const cpuPercent = (((await ticksOf(gateway.pid)) - before) / ticksPerSecond / (watchMs / 1000)) * 100;
    const megabytes = await residentMegabytes(gateway.pid);
    return [
      { work: "memory at rest", goal: "< 150 MB", measured: `${megabytes.toFixed(0)} MB`, reached: megabytes < 150 },
      { work: "processor at rest", goal: "≤ 1 %", measured: `${cpuPercent.toFixed(2)} %`, reached: cpuPercent <= 1 },
    ];
  } finally {
    await gateway.stop();
  }
}

async function ticksOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

async function residentMegabytes(pid: number): Promise<number> {
  const line = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) / 1024;
}
