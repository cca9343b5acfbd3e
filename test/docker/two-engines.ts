import type { PortableRuntime } from "../../src/runtime/hosts.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type PrivateEngine, startPrivateEngine } from "./private-engine.ts";
import { openEngineDirectly, openTestRuntime, testImage } from "./world.ts";

const names = ["north", "south"] as const;
type Name = (typeof names)[number];

/** A gateway over two engines, each of which a test may kill. */
export interface TwoEngines {
  readonly gateway: TestGateway<Runtime>;
  readonly engines: Readonly<Record<Name, PrivateEngine>>;
  readonly runtimes: Readonly<Record<Name, PortableRuntime>>;
  /** What containers and volumes an engine has, as it says itself. */
  readonly containersOn: (name: Name) => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** Starts both, with the default image on each. */
export async function startTwoEngines(env: Readonly<Record<string, string>> = {}): Promise<TwoEngines> {
  const [north, south] = await Promise.all([startPrivateEngine(), startPrivateEngine()]);
  const engines = { north, south };
  const open = ({ dockerHost }: PrivateEngine) => openTestRuntime({ dockerHost });
  const runtimes = { north: open(north), south: open(south) };
  for (const name of names) await runtimes[name].ensureImage(testImage);
  const hosts = names.map((name) => ({ name, runtime: runtimes[name] }));
  const gateway = await startTestGateway({ hosts, env: { RAWORC_AGENT_IMAGE: testImage, ...env } });
  return {
    gateway,
    engines,
    runtimes,
    async containersOn(name) {
      const all = await openEngineDirectly(engines[name].dockerHost).listContainers({ all: true });
      return all.flatMap(({ Names }) => Names.map((path) => path.slice(1)));
    },
    async stop() {
      await gateway.stop();
      await Promise.all([north.stop(), south.stop()]);
    },
  };
}
