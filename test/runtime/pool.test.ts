import { pino } from "pino";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import { createPoolRuntime } from "../../src/runtime/pool/pool-runtime.ts";
import { describeRuntime } from "./suite.ts";

const deployment = "pool-test";
const hosts = ["one", "two"].map((name) => ({ name, runtime: createMemoryRuntime({ deployment }) }));
const places = new Map<string, string>();

/** Volumes are put on the hosts in turn, so that every second copy is one between them. */
async function hostOf(name: string): Promise<string | null> {
  const place = places.get(name) ?? hosts[places.size % hosts.length]?.name ?? null;
  if (place !== null) places.set(name, place);
  return place;
}

describeRuntime(
  "pool",
  async () => createPoolRuntime({ hosts, hostOf, recognise: async () => null, log: pino({ level: "silent" }) }),
  {
    deployment,
    image: "none",
    processes: "simulated commands are no processes",
    liveOutput: "simulated commands show their output when they have ended",
    secondGateway: "simulated computers end with the gateway",
    mainProcess: "simulated main processes do nothing by themselves",
    async endMain(_runtime, container) {
      for (const { runtime } of hosts) if (await runtime.inspect(container)) runtime.die(container);
    },
  },
);
