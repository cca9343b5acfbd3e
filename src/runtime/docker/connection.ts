import http from "node:http";
import https from "node:https";
import { inspect } from "node:util";
import type Docker from "dockerode";

/** How an engine that is reached over TCP is trusted, and trusts us. */
export interface EngineTls {
  /** Talks TLS on every port; otherwise only to https addresses and on port 2376. */
  readonly always: boolean;
  /** Without them the machine's own authorities count, and there is no certificate to show. */
  readonly files: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } | null;
}

/** True for an address that is reached over TLS. */
export function usesTls(address: string, always: boolean): boolean {
  if (!/^(tcp|https?):/.test(address)) return false;
  const { protocol, port } = new URL(address);
  return always || protocol === "https:" || port === "2376";
}

/**
 * The library describes each request for its debug log, whether that is kept or not: the agent with all its sockets,
 * the signal with all that wait for it. That took 3 to 6 ms a call, and more beside other calls.
 */
export const undescribed = <T extends object>(value: T): T =>
  Object.assign(value, { [inspect.custom]: () => "not described" });

/** The connection library takes an agent, which its types leave out. */
type Connection = { [Option in keyof Docker.DockerOptions]: Docker.DockerOptions[Option] | undefined } & {
  readonly agent?: http.Agent;
};

/**
 * Connections wait for the calls that soon follow. One that the engine closes meanwhile is gone from the agent by then;
 * one that is silently cut, as by a router, would fail a call, so none waits for long. One that is in use has no limit here.
 */
const kept: http.AgentOptions = { keepAlive: true, maxFreeSockets: 8, timeout: 30_000 };

/** How an engine is called at its address; `null` is where the library would look. */
export function connectionOf(dockerHost: string | null, tls: EngineTls = { always: false, files: null }): Connection {
  const agents = { agent: undescribed(new http.Agent(kept)) };
  if (dockerHost === null) return agents;
  if (dockerHost.startsWith("unix://")) return { ...agents, host: undefined, socketPath: dockerHost.slice(7) };
  const { protocol, hostname, port, username } = new URL(dockerHost);
  if (protocol === "ssh:") return { protocol: "ssh", host: hostname, port: port || 22, username };
  // Said of each, for the library would take the rest from Docker's own variables.
  const plain = { ca: undefined, cert: undefined, key: undefined };
  if (!usesTls(dockerHost, tls.always))
    return { ...agents, ...plain, protocol: "http", host: hostname, port: port || 2375 };
  const agent = undescribed(new https.Agent(kept));
  return { agent, ...plain, ...tls.files, protocol: "https", host: hostname, port: port || 2376 };
}
