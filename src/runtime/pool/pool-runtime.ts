import { notFound } from "../../errors.ts";
import type { RuntimeHosts } from "../hosts.ts";
import type {
  ContainerSpec,
  LogLine,
  Runtime,
  RuntimeEvent,
  RuntimeFiles,
  RuntimeInfo,
  RuntimeInventory,
} from "../runtime.ts";
import { copyBetweenHosts } from "./copy-between-hosts.ts";
import type { Host } from "./host.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { PoolImages } from "./pool-images.ts";

/**
 * Computers spread over several hosts. Which of them has a computer is the caller's to choose and to know; the pool
 * finds it by name, keeps the loss of one host from the others, and carries images and copies between them.
 */
export function createPoolRuntime(options: PoolOptions): Runtime {
  const pool = new Pool(options);
  const images = new PoolImages(pool);
  const events = eventsOf(pool);
  return {
    kind: options.hosts[0]?.runtime.kind ?? "docker",
    hosts: hostsOf(pool),
    ping: (signal, container) => ping(pool, signal, container),
    ensureImage: (image, onProgress, volume) => images.ensure(image, onProgress, volume),
    images,
    ...volumesOf(pool),
    ...lifecycleOf(pool),
    list: () => list(pool),
    events,
    exec: async (container, command) =>
      (await pool.at(container)).longCall((runtime) => runtime.exec(container, command)),
    killCommands: async (container) => (await pool.at(container)).call((runtime) => runtime.killCommands(container)),
    files: filesOf(pool),
    logs: (container, logOptions) => logsOf(pool, container, logOptions),
    stats: async (container, signal) => (await pool.at(container)).call((runtime) => runtime.stats(container, signal)),
    async close() {
      pool.close();
      await Promise.all(pool.hosts.map(({ runtime }) => runtime.close()));
    },
  };
}

const hostsOf = (pool: Pool): RuntimeHosts => ({
  names: pool.hosts.map(({ name }) => name),
  answering: async () => (await pool.answering()).map(({ name }) => name),
  isAway: (name) => pool.hosts.find((host) => host.name === name)?.isAway ?? true,
});

async function ping(pool: Pool, signal?: AbortSignal, container?: string): Promise<RuntimeInfo> {
  const host = container === undefined ? null : await pool.hostOf(container);
  if (host) return host.call((runtime) => runtime.ping(signal));
  const infos = (await pool.ofEach("ping", (runtime) => runtime.ping(signal))).map(({ found }) => found);
  const silent = pool.hosts.length - infos.length;
  const absence =
    silent > 0 ? `${silent} of ${pool.hosts.length} hosts do not answer; their computers wait for them` : [];
  return {
    kind: infos[0]?.kind ?? "docker",
    version: [...new Set(infos.map(({ version }) => version))].join(", "),
    warning: [...new Set(infos.flatMap(({ warning }) => warning ?? []))].concat(absence).join(" ") || null,
  };
}

const volumesOf = (pool: Pool): Pick<Runtime, "ensureVolume" | "copyVolume" | "removeVolume"> => ({
  async ensureVolume(volume, labels) {
    const host = await pool.hostOf(volume);
    if (!host) throw notFound("Host of volume", volume);
    await host.call((runtime) => runtime.ensureVolume(volume, labels));
  },
  async copyVolume(from, to, parts) {
    const [source, target] = [await pool.hostOf(from), await pool.hostOf(to)];
    if (!source) throw notFound("Volume", from);
    if (!target) throw notFound("Volume", to);
    if (source === target) await source.call((runtime) => runtime.copyVolume(from, to, parts));
    else await copyBetweenHosts(source, target, { from, to, parts });
  },
  async removeVolume(volume) {
    const host = await pool.hostOf(volume);
    await host?.call((runtime) => runtime.removeVolume(volume));
  },
});

type Lifecycle =
  | "ensureContainer"
  | "ensureRunning"
  | "start"
  | "thaw"
  | "ensurePaused"
  | "ensureStopped"
  | "removeContainer"
  | "inspect";

const lifecycleOf = (pool: Pool): Pick<Runtime, Lifecycle> => ({
  ensureContainer: (spec) => ensureContainer(pool, spec),
  ensureRunning: async (container, seen) =>
    (await pool.at(container)).call((runtime) => runtime.ensureRunning(container, seen)),
  start: async (container) => (await pool.hostOf(container))?.call((runtime) => runtime.start(container)) ?? false,
  thaw: async (container) => (await pool.hostOf(container))?.call((runtime) => runtime.thaw(container)) ?? false,
  ensurePaused: async (container) => (await pool.at(container)).call((runtime) => runtime.ensurePaused(container)),
  ensureStopped: async (container, graceSeconds, seen) =>
    (await pool.hostOf(container))?.call((runtime) => runtime.ensureStopped(container, graceSeconds, seen)),
  async removeContainer(container, at) {
    const host = at === undefined ? await pool.hostOf(container) : pool.named(at);
    await host?.call((runtime) => runtime.removeContainer(container));
  },
  inspect: async (container) => (await pool.hostOf(container))?.call((runtime) => runtime.inspect(container)) ?? null,
});

/** A container is where its volume is. */
async function ensureContainer(pool: Pool, spec: ContainerSpec): Promise<void> {
  const host = await pool.hostOf(spec.volume);
  if (!host) throw notFound("Volume", spec.volume);
  await host.call((runtime) => runtime.ensureContainer(spec));
  pool.place(spec.name, host.name);
}

async function list(pool: Pool): Promise<RuntimeInventory> {
  const lists = await pool.ofEach("list", (runtime) => runtime.list());
  const of = <T>({ name: host }: Host, things: readonly T[]) => things.map((thing) => ({ ...thing, host }));
  return {
    answered: lists.map(({ host }) => host.name),
    containers: lists.flatMap(({ host, found }) => of(host, found.containers)),
    volumes: lists.flatMap(({ host, found }) => of(host, found.volumes)),
  };
}

/** All hosts are followed from the first time that anybody asks, for as long as the pool is open. */
function eventsOf(pool: Pool): Runtime["events"] {
  let isFollowing = false;
  return (signal) => {
    const isFirst = !isFollowing;
    const coming = pool.happenings.follow(isFirst ? [] : [{ kind: "connected" }], signal);
    isFollowing = true;
    if (isFirst) for (const host of pool.hosts) follow(pool, host).catch((error) => pool.warn(host, "events", error));
    return coming;
  };
}

async function follow(pool: Pool, host: Host): Promise<void> {
  const tell = (event: RuntimeEvent) => pool.happenings.tell(event);
  for await (const event of host.runtime.events(pool.closed.signal)) {
    if (event.kind !== "connected") tell(event);
    else if (host.isAway)
      void host.answers(); // which tells of its return
    else tell(event);
  }
}

/** Files are reached by commands, which know best what became of them. */
const filesOf = (pool: Pool): RuntimeFiles => ({
  list: async (container, path) => (await pool.at(container)).longCall(({ files }) => files.list(container, path)),
  stat: async (container, path) => (await pool.at(container)).longCall(({ files }) => files.stat(container, path)),
  read: async (container, path, maxBytes) =>
    (await pool.at(container)).longCall(({ files }) => files.read(container, path, maxBytes)),
  write: async (container, path, content) =>
    (await pool.at(container)).longCall(({ files }) => files.write(container, path, content)),
  remove: async (container, path) => (await pool.at(container)).longCall(({ files }) => files.remove(container, path)),
});

async function* logsOf(
  pool: Pool,
  container: string,
  options: Parameters<Runtime["logs"]>[1],
): AsyncGenerator<LogLine> {
  const host = await pool.at(container);
  await host.checkThere();
  yield* host.runtime.logs(container, options);
}
