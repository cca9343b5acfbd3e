import { isIP } from "node:net";
import type { Config } from "./config.ts";
import { GatewayError } from "./errors.ts";

/** What is wrong with the Host that a request names; `null` when nothing is. */
export type HostCheck = (host: string | undefined) => GatewayError | null;

/**
 * Keeps out pages of strangers while the gateway listens on loopback: one whose name leads to 127.0.0.1 (DNS rebinding) is
 * of the gateway's own origin, so neither CORS nor the Origin of a socket tells it apart, but its Host does. Nobody can
 * give `localhost` or an address another meaning; other names must be configured. Who sends no Host is no browser.
 */
export function createHostCheck({ onLoopback, hosts }: Pick<Config, "onLoopback" | "hosts">): HostCheck {
  if (!onLoopback) return () => null;
  let accepted = "localhost"; // requests mostly name what the one before named
  return (host) => {
    if (host === accepted || host === undefined) return null;
    const name = nameIn(host);
    if (!isOfThisMachine(name) && !hosts.includes(name)) return refuse(host);
    accepted = host;
    return null;
  };
}

/** The name in a Host as it would be configured: without the port and the root's dot, in small letters. */
function nameIn(host: string): string {
  const name = /^(\[[^[\]]*\]|[^:[\]]*)(:\d*)?$/.exec(host)?.[1] ?? "";
  return name.toLowerCase().replace(/\.$/, "");
}

const isOfThisMachine = (name: string): boolean =>
  name === "localhost" || name.endsWith(".localhost") || isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;

function refuse(host: string): GatewayError {
  const name = host.slice(0, 200);
  return new GatewayError(
    "FORBIDDEN",
    `This gateway is not known as "${name}"; if it should be, list it in RAWORC_HOSTS`,
  );
}
