import type Docker from "dockerode";
import { conflict, GatewayError, unavailable } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import type { ContainerSpec } from "../runtime.ts";
import { hardening, type NetworkOptions } from "./container-options.ts";
import { closingRules, hostAddressesIn, privateRanges } from "./egress-ranges.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import { runHelper } from "./helpers.ts";
import { ensureImage } from "./images.ts";
import { inspectExisting, inspectRaw } from "./inspect.ts";

const helperTimeoutMs = 60_000;
const networkTimeoutMs = 30_000;
const publicResolvers = ["1.1.1.1", "8.8.8.8"];
/** Says which network a container is for, on every one: an image's own label of that name must not count. */
const networkLabel = "raworc.network";

const networkNameOf = (engine: Engine) => `raworc-egress-${engine.options.deployment.replace(/[^A-Za-z0-9_.-]/g, "-")}`;

/** Whatever a container is for, it is made without a network: one with EGRESS is connected by `guardEgress`. */
export function networkOptions(engine: Engine, network: ContainerSpec["network"]): NetworkOptions {
  const labels = { [networkLabel]: network };
  if (network === "NONE") return { labels, host: { NetworkMode: "none" } };
  const Dns = [...(engine.options.egressDns ?? publicResolvers)];
  return { labels, host: { NetworkMode: "none", Dns, Sysctls: { "net.ipv6.conf.all.disable_ipv6": "1" } } };
}

const isForEgress = ({ Config, HostConfig }: Docker.ContainerInspectInfo) =>
  Config.Labels[networkLabel] === "EGRESS" || isBornConnected(HostConfig);

/** Earlier versions made containers that are in the network as soon as they start. */
const isBornConnected = ({ NetworkMode }: Docker.HostConfig) => (NetworkMode ?? "none") !== "none";

const networksOf = ({ NetworkSettings }: Docker.ContainerInspectInfo) => Object.keys(NetworkSettings.Networks);

/**
 * Takes a stopped container out of every network, so that none is there when its main process starts: the engine
 * keeps a container's networks from one run to the next. `known` is what the engine has just said of it.
 *
 * @throws {GatewayError} CONFLICT for one of an earlier version, which has no other way to start: it is removed.
 */
export async function withdraw(engine: Engine, name: string, known?: Docker.ContainerInspectInfo): Promise<void> {
  engine.guarded.delete(name);
  const found = await unseen(engine, name, known);
  if (found === null || found.State.Running) return;
  if (isBornConnected(found.HostConfig)) {
    await callOrNull(engine, { what: `remove container "${name}"`, timeoutMs: networkTimeoutMs }, (abortSignal) =>
      engine.docker.getContainer(name).remove({ force: true, v: true, abortSignal }),
    );
    throw conflict(`Container "${name}" is of an earlier version, whose network is open at first; it is made anew`);
  }
  await leaveNetworks(engine, name, found);
}

async function leaveNetworks(engine: Engine, name: string, found: Docker.ContainerInspectInfo): Promise<void> {
  for (const network of networksOf(found)) {
    const of = { what: `take container "${name}" out of network "${network}"`, timeoutMs: networkTimeoutMs };
    await call(engine, of, (abortSignal) =>
      engine.docker.getNetwork(network).disconnect({ Container: name, abortSignal }),
    );
  }
}

/**
 * Closes a running container's way to the host, to other containers, to private networks and to metadata
 * addresses, by packet filter rules inside its own network namespace that it has no right to change, and only then
 * connects it. For whoever starts it, and nobody beside: a connection that comes late would be one of the next run.
 * May be repeated, also for one that is connected: the rules are replaced in one step. Does nothing for a container
 * without network, or one that was seen to since its start.
 *
 * @throws {GatewayError} UNAVAILABLE when the rules could not be set; it is not connected then.
 */
export async function guardEgress(engine: Engine, name: string, known?: Docker.ContainerInspectInfo): Promise<void> {
  const found = await unseen(engine, name, known);
  if (found !== null && (known !== undefined || found.State.Running)) await seeTo(engine, name, closeAndConnect);
}

/**
 * The same for a command: what is connected is closed before it, whoever connected it; what is not stays so.
 *
 * @throws {GatewayError} UNAVAILABLE when the rules could not be set; the command may not run then.
 */
export async function closeEgress(engine: Engine, name: string): Promise<void> {
  const found = await unseen(engine, name);
  if (found === null || !found.State.Running) return;
  if (networksOf(found).some((network) => network !== "none")) await seeTo(engine, name, close);
}

/** What the engine says of a container with EGRESS that nobody here has seen to; who comes during that waits for it. */
async function unseen(engine: Engine, name: string, known?: Docker.ContainerInspectInfo) {
  if (engine.unconnected.has(name)) return null;
  const underWay = engine.guarded.get(name);
  await underWay;
  if (underWay !== undefined) return null;
  const found = known ?? (await inspectRaw(engine, name));
  if (found === null || isForEgress(found)) return found;
  engine.unconnected.add(name);
  return null;
}

/** Remembers that a container was seen to, or is just being. */
async function seeTo(engine: Engine, name: string, act: (engine: Engine, name: string) => Promise<unknown>) {
  const done = engine.guarded.get(name) ?? act(engine, name);
  engine.guarded.set(name, done);
  try {
    await done;
  } catch (error) {
    if (engine.guarded.get(name) === done) engine.guarded.delete(name);
    throw error;
  }
}

async function closeAndConnect(engine: Engine, name: string): Promise<void> {
  const { State } = await inspectExisting(engine, name);
  const network = await close(engine, name);
  const found = await inspectExisting(engine, name);
  if (found.State.StartedAt !== State.StartedAt || !found.State.Running) {
    throw unavailable(`Container "${name}" is not connected: it has not run on while its network was closed`);
  }
  if (!networksOf(found).includes(network)) await enterNetwork(engine, name, found, network);
}

/** Loads the rules; returns the network that they are for. */
async function close(engine: Engine, container: string): Promise<string> {
  await ensureImage(engine, engine.options.image);
  const network = await ensureEgressNetwork(engine);
  const ranges = [...privateRanges, ...subnetsOf(network), ...(await hostAddresses(engine))];
  const { exitCode, output } = await runHelper(engine, {
    name: `raworc-guard-${engine.process}-${container}`,
    timeoutMs: helperTimeoutMs,
    options: {
      User: "0:0",
      Entrypoint: ["/bin/sh", "-c", `printf '%s\\n' "$@" | iptables-restore`, "rules"],
      Cmd: closingRules(ranges),
      HostConfig: { ...hardening, CapAdd: ["NET_ADMIN"], NetworkMode: `container:${container}` },
    },
  });
  if (exitCode === 0) return network.Name;
  throw unavailable(
    `Container "${container}" stays without commands, its network could not be closed: ${output.trim()}`,
  );
}

/** The engine lets a container with the network "none" have no other beside it, so it leaves that one first. */
async function enterNetwork(engine: Engine, name: string, found: Docker.ContainerInspectInfo, network: string) {
  await leaveNetworks(engine, name, found);
  const of = { what: `connect container "${name}"`, timeoutMs: networkTimeoutMs };
  await call(engine, of, (abortSignal) => {
    const options = { Container: name, abortSignal };
    return engine.docker.getNetwork(network).connect(options);
  });
}

/** The container's own network, wherever the engine's address pools lie. */
function subnetsOf({ IPAM }: Docker.NetworkInspectInfo): string[] {
  const configured: readonly { readonly Subnet?: string | undefined }[] = IPAM?.Config ?? [];
  return configured.flatMap(({ Subnet }) => (Subnet === undefined || Subnet.includes(":") ? [] : [Subnet]));
}

/** Every address of the host, public ones too: they lead to its services, whatever those listen on. */
async function hostAddresses(engine: Engine): Promise<string[]> {
  const { exitCode, output } = await runHelper(engine, {
    name: `raworc-addresses-${engine.process}-${crypto.randomUUID().slice(0, 8)}`,
    timeoutMs: helperTimeoutMs,
    options: {
      User: "1000:1000",
      Entrypoint: ["ip", "-4", "-o", "addr", "show"],
      Cmd: [],
      HostConfig: { ...hardening, NetworkMode: "host" },
    },
  });
  if (exitCode !== 0)
    throw unavailable(`The host's addresses, which EGRESS must close, are not known: ${output.trim()}`);
  return hostAddressesIn(output);
}

/** The network of computers with EGRESS, one per deployment: they do not hear each other in it. */
async function ensureEgressNetwork(engine: Engine): Promise<Docker.NetworkInspectInfo> {
  const name = networkNameOf(engine);
  const there = await inspectNetwork(engine, name);
  if (there !== null) return there;
  await createNetwork(engine, name);
  const made = await inspectNetwork(engine, name);
  if (made === null) throw unavailable(`Docker has lost network "${name}" as soon as it was made`);
  return made;
}

async function createNetwork(engine: Engine, name: string): Promise<void> {
  await call(engine, { what: `make network "${name}"`, timeoutMs: networkTimeoutMs }, (abortSignal) =>
    engine.docker.createNetwork({
      Name: name,
      CheckDuplicate: true,
      Driver: "bridge",
      EnableIPv6: false,
      Options: { "com.docker.network.bridge.enable_icc": "false" },
      Labels: { [deploymentLabel]: engine.options.deployment },
      abortSignal,
    }),
  ).catch((error: unknown) => {
    if (!(error instanceof GatewayError && error.code === "CONFLICT")) throw error;
  });
}

const inspectNetwork = (engine: Engine, name: string) =>
  callOrNull(engine, { what: `inspect network "${name}"` }, () => engine.docker.getNetwork(name).inspect());
