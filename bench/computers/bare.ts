import { randomUUID } from "node:crypto";
import { finished } from "node:stream/promises";
import Docker from "dockerode";
import { containerOptions } from "../../src/runtime/docker/container-options.ts";
import { timeMs } from "../measure.ts";

const image = "raworc/agent:1";
const limits = { memoryBytes: 1_073_741_824, cpus: 1, pids: 512 };

/** Times by the name of what was timed. */
export type Times = Record<string, number[]>;

/** Does `work` and keeps how long it took. */
export async function timed(times: Times, name: string, work: () => Promise<unknown>): Promise<void> {
  const taken = await timeMs(work);
  times[name] = [...(times[name] ?? []), taken];
}

/** The engine at an address, without anything in between. */
export const openDocker = (dockerHost: string) => new Docker({ socketPath: dockerHost.replace("unix://", "") });

/** The same containers made by hand, with the same options, so that only the gateway's own work differs. */
export async function bareRound(docker: Docker, times: Times): Promise<void> {
  const name = newName();
  await timed(times, "bareCreate", async () => (await make(docker, name)).start());
  const container = docker.getContainer(name);
  await timed(times, "bareExec", () => exec(container));
  await timed(times, "barePause", () => container.pause());
  await timed(times, "bareUnpause", () => container.unpause());
  await timed(times, "bareStop", () => container.stop({ t: 2 }));
  await timed(times, "bareStart", () => container.start());
  await remove(docker, name);
}

/** Starts so many stopped containers at once. */
export async function bareBurst(docker: Docker, count: number, times: Times): Promise<void> {
  const names = Array.from({ length: count }, newName);
  for (const name of names) await (await make(docker, name)).start();
  await Promise.all(names.map((name) => docker.getContainer(name).stop({ t: 2 })));
  await timed(times, "bareBurst", () => Promise.all(names.map((name) => docker.getContainer(name).start())));
  for (const name of names) await remove(docker, name);
}

const newName = () => `raworc-bench-${randomUUID()}`;

async function make(docker: Docker, name: string): Promise<Docker.Container> {
  await docker.createVolume({ Name: name });
  const spec = { name, image, volume: name, network: "NONE", limits, labels: {} } as const;
  return docker.createContainer(containerOptions(spec, "bench", { labels: {}, host: { NetworkMode: "none" } }));
}

/** As little as a command takes: made, started, its output read to the end, its exit code asked for. */
async function exec(container: Docker.Container): Promise<void> {
  const command = await container.exec({ Cmd: ["true"], AttachStdout: true, AttachStderr: true });
  const output = await command.start({ hijack: true, stdin: false });
  output.resume();
  await finished(output, { writable: false });
  const { ExitCode } = await command.inspect();
  if (ExitCode !== 0) throw new Error(`"true" ended with ${ExitCode}`);
}

async function remove(docker: Docker, name: string): Promise<void> {
  await docker.getContainer(name).remove({ force: true });
  await docker.getVolume(name).remove();
}
