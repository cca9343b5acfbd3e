import { type GatewayProcess, startGatewayProcess } from "../test/support/gateway-process.ts";
import { againstLimit, type Result } from "./measure.ts";

const rounds = 60;
const warmUp = 10;

/** From the acknowledged createResponse of an idle agent to the first event of its answer at a subscriber. */
export async function firstEvent(): Promise<readonly Result[]> {
  const gateway = await startGatewayProcess({
    env: { RAWORC_RUNTIME: process.env["BENCH_RUNTIME"] ?? "auto" },
  });
  const samples: number[] = [];
  try {
    await gateway.ask(`mutation { createAgent(input: { name: "asked", engine: SHELL }) { name } }`);
    for (let round = 0; round < rounds + warmUp; round++) {
      const waited = await oneResponse(gateway);
      if (round >= warmUp) samples.push(waited);
    }
  } finally {
    await gateway.stop();
  }
  return [againstLimit("acknowledged createResponse to first event", samples, 15)];
}

async function oneResponse(gateway: GatewayProcess): Promise<number> {
  const input = { text: "true" };
  const asked = await gateway.ask(`mutation ($input: JSON!) { createResponse(agent: "asked", input: $input) { id } }`, {
    input,
  });
  const acknowledged = performance.now();
  const query = `subscription ($id: ID!) { responseProgress(id: $id, after: 1) { kind status } }`;
  const variables = { id: asked.createResponse.id };
  let first: number | null = null;
  for await (const _progress of gateway.live.iterate({ query, variables })) first ??= performance.now();
  return (first ?? Number.NaN) - acknowledged;
}
