import { onTestFinished } from "vitest";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

type AnyGateway = TestGateway<Runtime>;

/** Hosts of these names, on each of which computers are simulated. */
export function makeHosts(...names: readonly string[]) {
  const hosts = names.map((name) => ({ name, runtime: createMemoryRuntime() }));
  const on = (name: string) => {
    const found = hosts.find((host) => host.name === name);
    if (!found) throw new Error(`there is no host ${name}`);
    return found.runtime;
  };
  return { hosts, on };
}

/** A gateway whose computers are on these hosts; it ends with the test. */
export async function startOnHosts(names: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { hosts, on } = makeHosts(...names);
  const gateway = await startTestGateway({ hosts, env });
  onTestFinished(() => gateway.stop());
  return { gateway, on, hosts };
}

/** Where an agent's files are, and how its computer is. */
export async function computerOf(gateway: AnyGateway, name: string) {
  const query = `query ($name: ID!) { agent(name: $name) { computer { id host phase generation lastError } } }`;
  return (await gateway.data(query, { name })).agent.computer;
}

/** How many computers each host has. */
export async function countByHost({ gateway }: AnyGateway): Promise<Record<string, number>> {
  const computers = await gateway.store.computer.findMany({ select: { host: true } });
  const byHost = Map.groupBy(computers, ({ host }) => host ?? "none");
  return Object.fromEntries([...byHost].map(([host, all]) => [host, all.length]));
}

/** Resolves when the gateway knows which hosts answer. */
export const look = ({ runtime }: AnyGateway) => runtime.hosts?.answering();
