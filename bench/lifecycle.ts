import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import Docker from "dockerode";
import { containerOptions } from "../src/runtime/docker/container-options.ts";
import { type GatewayProcess, startGatewayProcess } from "../test/support/gateway-process.ts";
import { againstBare, againstLimit, type Result, timeMs } from "./measure.ts";

const rounds = 15;
const image = "raworc/agent:1";
const freezeSeconds = 1;

/** Create, wake from frozen and wake from stopped, beside the engine's own create and start in the same rounds. */
export async function lifecycle(): Promise<readonly Result[]> {
  const dockerHost = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  const bare = new Docker({ socketPath: dockerHost.replace("unix://", "") });
  const env = { RAWORC_RUNTIME: "docker", DOCKER_HOST: dockerHost, RAWORC_FREEZE_SECONDS: String(freezeSeconds) };
  const gateway = await startGatewayProcess({ env });
  const times = { create: [], frozen: [], stopped: [], bareCreate: [], bareStart: [] } as Record<string, number[]>;
  try {
    await agentRound(gateway, bare, "warm-up", {});
    for (let round = 0; round < rounds; round++) {
      await agentRound(gateway, bare, `round-${round}`, times);
      await bareRound(bare, times);
    }
  } finally {
    await gateway.stop();
  }
  const of = (name: string) => times[name] ?? [];
  return [
    againstBare("create to idle", of("create"), of("bareCreate"), 1.3),
    againstBare("wake from stopped", of("stopped"), of("bareStart"), 1.3),
    againstLimit("wake from frozen", of("frozen"), 40),
  ];
}

async function agentRound(
  gateway: GatewayProcess,
  docker: Docker,
  name: string,
  times: Record<string, number[]>,
): Promise<void> {
  const changes = watchAgents(gateway);
  await changes.ready;
  const until = (state: string) => changes.until((agent) => agent.name === name && agent.state === state);
  const timed = async (kind: string, mutation: string) => {
    const idle = until("IDLE");
    const taken = await timeMs(() => Promise.all([gateway.ask(mutation), idle]));
    times[kind]?.push(taken);
  };
  await timed("create", `mutation { createAgent(input: { name: "${name}", engine: SHELL }) { name } }`);
  await gateway.ask(`mutation { sleepAgent(name: "${name}") { name } }`);
  await containerIs(gateway, docker, name, "paused");
  await timed("frozen", `mutation { wakeAgent(name: "${name}") { name } }`);
  await gateway.ask(`mutation { sleepAgent(name: "${name}") { name } }`);
  await containerIs(gateway, docker, name, "exited");
  await timed("stopped", `mutation { wakeAgent(name: "${name}") { name } }`);
  await gateway.ask(`mutation { deleteAgent(name: "${name}") { name } }`);
  changes.stop();
}

/** The same container made by hand, with the same options, so that only the gateway's own work differs. */
async function bareRound(docker: Docker, times: Record<string, number[]>): Promise<void> {
  const name = `raworc-bench-${randomUUID()}`;
  const limits = { memoryBytes: 1_073_741_824, cpus: 1, pids: 512 };
  const options = containerOptions({ name, image, volume: name, network: "NONE", limits, labels: {} }, "bench", null);
  times["bareCreate"]?.push(
    await timeMs(async () => {
      await docker.createVolume({ Name: name });
      await (await docker.createContainer(options)).start();
    }),
  );
  const container = docker.getContainer(name);
  await container.stop({ t: 2 });
  times["bareStart"]?.push(await timeMs(() => container.start()));
  await container.remove({ force: true });
  await docker.getVolume(name).remove();
}

interface Seen {
  readonly name: string;
  readonly state: string;
}

function watchAgents(gateway: GatewayProcess) {
  const waiting = new Set<(agent: Seen) => void>();
  const query = "subscription { agentsChanged { agent { name state } } }";
  const stop = gateway.live.subscribe<{ agentsChanged: { agent: Seen } }>(
    { query },
    {
      next: ({ data }) => data && waiting.forEach((heed) => heed(data.agentsChanged.agent)),
      error: (error) => {
        throw error;
      },
      complete: () => {},
    },
  );
  const until = (wanted: (agent: Seen) => boolean) =>
    new Promise<void>((resolve) => {
      const heed = (agent: Seen) => {
        if (!wanted(agent)) return;
        waiting.delete(heed);
        resolve();
      };
      waiting.add(heed);
    });
  // A round trip on the same socket: what is subscribed before it is heard after it.
  const ready = once(gateway, "{ version { api } }");
  return { until, stop, ready };
}

const once = (gateway: GatewayProcess, query: string) =>
  new Promise<void>((resolve, reject) => {
    gateway.live.subscribe({ query }, { next: () => {}, error: reject, complete: resolve });
  });

/**
 * Waits for the engine itself, and until the gateway is done with the order: the row says PAUSED or STOPPED first,
 * and a wake that comes between also waits for the freezing or the stop.
 */
async function containerIs(gateway: GatewayProcess, docker: Docker, name: string, status: string): Promise<void> {
  const { agent } = await gateway.ask(`{ agent(name: "${name}") { computer { id generation } } }`);
  const container = docker.getContainer(`raworc-${agent.computer.id}-g${agent.computer.generation}`);
  for (const limit = AbortSignal.timeout(30_000); ; limit.throwIfAborted()) {
    await wait(50);
    if ((await container.inspect()).State.Status === status) break;
  }
  await wait(50);
}
