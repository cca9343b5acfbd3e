import type Docker from "dockerode";
import { GatewayError, unavailable } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import { type EgressOptions, hardening } from "./container-options.ts";
import { call, callOrNull, type Engine, versionOf } from "./engine.ts";
import { halvesOf, hostAddressesIn, privateRanges } from "./egress-ranges.ts";
import { runHelper } from "./helpers.ts";
import { inspectRaw } from "./inspect.ts";

const helperTimeoutMs = 60_000;
const publicResolvers = ["1.1.1.1", "8.8.8.8"];
/** From here on the engine refuses settings of one interface among the container's own. */
const endpointSettingsSince = 1.46;

const networkNameOf = (engine: Engine) => `raworc-egress-${engine.options.deployment.replace(/[^A-Za-z0-9_.-]/g, "-")}`;

/**
 * Makes the network of computers with EGRESS, one per deployment: they do not hear each other in it, and
 * `guardEgress` closes every way but the one to the internet.
 */
export async function ensureEgressNetwork(engine: Engine): Promise<EgressOptions> {
  const name = networkNameOf(engine);
  if ((await inspectNetwork(engine, name)) === null) await createNetwork(engine, name);
  const unfiltered = "net.ipv4.conf.IFNAME.rp_filter=0";
  const { ApiVersion } = await versionOf(engine);
  const perEndpoint = Number(ApiVersion) >= endpointSettingsSince;
  const host: Docker.HostConfig = {
    NetworkMode: name,
    Dns: [...(engine.options.egressDns ?? publicResolvers)],
    Sysctls: {
      "net.ipv6.conf.all.disable_ipv6": "1",
      "net.ipv4.conf.all.rp_filter": "0",
      ...(!perEndpoint && { "net.ipv4.conf.eth0.rp_filter": "0" }),
    },
  };
  if (!perEndpoint) return { host };
  const DriverOpts = { "com.docker.network.endpoint.sysctls": unfiltered };
  return { host, NetworkingConfig: { EndpointsConfig: { [name]: { DriverOpts } } } };
}

/**
 * Closes a running container's way to the host, to other containers, to private networks and to metadata
 * addresses, by routes inside its own network namespace that it has no right to change. Does nothing for a
 * container without network, or one that was seen to since its start.
 *
 * @throws {GatewayError} UNAVAILABLE when the routes could not be set; no command may run then.
 */
export async function guardEgress(engine: Engine, name: string, known?: Docker.ContainerInspectInfo): Promise<void> {
  if (engine.unconnected.has(name) || engine.guarded.has(name)) return;
  const found = known ?? (await inspectRaw(engine, name));
  if (found === null) return;
  const network = found.HostConfig.NetworkMode ?? "none";
  if (network === "none") {
    engine.unconnected.add(name);
    return;
  }
  if (known === undefined && !found.State.Running) return;
  await setRoutes(engine, name, network);
  engine.guarded.add(name);
}

async function setRoutes(engine: Engine, container: string, network: string): Promise<void> {
  const ranges = [...privateRanges, ...(await subnetHalves(engine, network)), ...(await hostAddresses(engine))];
  const { exitCode, output } = await runHelper(engine, {
    name: `raworc-guard-${container}`,
    timeoutMs: helperTimeoutMs,
    options: {
      User: "0:0",
      Entrypoint: ["/bin/sh", "-c", routesScript, "routes"],
      Cmd: [...new Set(ranges)],
      HostConfig: { ...hardening, CapAdd: ["NET_ADMIN"], NetworkMode: `container:${container}` },
    },
  });
  if (exitCode === 0) return;
  throw unavailable(
    `Container "${container}" stays without commands, its network could not be closed: ${output.trim()}`,
  );
}

/**
 * Reverse-path filtering would take the gateway's address resolution for a packet from a closed range and
 * drop it, after which no answer finds the container.
 */
const routesScript = `
set -eu
for file in /proc/sys/net/ipv4/conf/all/rp_filter /proc/sys/net/ipv4/conf/eth0/rp_filter; do
  filter=$(cat "$file")
  if [ "$filter" != 0 ]; then echo "$file is $filter and must be 0" >&2; exit 1; fi
done
for range in "$@"; do ip route replace blackhole "$range"; done
`;

/** The container's own network goes too, in two halves, which are more exact than the route to the whole. */
async function subnetHalves(engine: Engine, network: string): Promise<string[]> {
  const found = await inspectNetwork(engine, network);
  const configured: readonly { readonly Subnet?: string | undefined }[] = found?.IPAM?.Config ?? [];
  return configured.flatMap(({ Subnet }) => (Subnet === undefined || Subnet.includes(":") ? [] : halvesOf(Subnet)));
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

async function createNetwork(engine: Engine, name: string): Promise<void> {
  await call(engine, { what: `make network "${name}"`, timeoutMs: 30_000 }, (abortSignal) =>
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
