import { setTimeout as wait } from "node:timers/promises";
import { startGatewayProcess } from "../test/support/gateway-process.ts";
import type { Result } from "./measure.ts";
import { processorSeconds, residentMegabytes } from "./proc.ts";
import { startAgain } from "./starts.ts";

/** After its start it collects its garbage a few times, in quiet seconds. */
const settleMs = 10_000;
const watchMs = 20_000;

/** A later start, and memory and processor of a gateway that has an idle agent and nothing to do. */
export async function atRest(): Promise<readonly Result[]> {
  return [await startAgain(), ...(await resting())];
}

async function resting(): Promise<readonly Result[]> {
  const gateway = await startGatewayProcess({ env: { RAWORC_RUNTIME: process.env["BENCH_RUNTIME"] ?? "auto" } });
  try {
    await gateway.ask(`mutation { createAgent(input: { name: "resting", engine: SHELL }) { name } }`);
    await wait(settleMs);
    const before = await processorSeconds(gateway.pid);
    await wait(watchMs);
    const cpuPercent = (((await processorSeconds(gateway.pid)) - before) / (watchMs / 1000)) * 100;
    const megabytes = await residentMegabytes(gateway.pid);
    return [
      { work: "memory at rest", goal: "< 150 MB", measured: `${megabytes.toFixed(0)} MB`, reached: megabytes < 150 },
      { work: "processor at rest", goal: "≤ 1 %", measured: `${cpuPercent.toFixed(2)} %`, reached: cpuPercent <= 1 },
    ];
  } finally {
    await gateway.stop();
  }
}
