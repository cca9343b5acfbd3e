import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Thrown in place of a connection to an address that is not public. */
export class RefusedAddress extends Error {
  override readonly name = "RefusedAddress";
}

/** Whether an address is one of the internet at large: not of a host itself, a private network or a cloud's metadata. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address); // IPv4 where it was written as IPv6
  return parsed.range() === "unicast" && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6));
}

/** All that is given out; outside of it are forms of IPv4 addresses that nobody uses any more. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Looks a name up as a socket does when it connects, so the address that was checked is the one connected to.
 * Fails with `RefusedAddress` when any address of the name is not public.
 */
export const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const [first] = addresses;
    if (!first || !addresses.every(({ address }) => isPublic(address))) return callback(new RefusedAddress(), []);
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

/** Where a connection is to go, as undici says it: an IPv6 address without brackets, the usual port as no port. */
export interface Destination {
  readonly hostname: string;
  readonly protocol: string;
  readonly port: string;
}

/** Whether a list names the destination's host, with or without its port. */
export function isListed(hosts: readonly string[], { hostname, protocol, port }: Destination): boolean {
  const host = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
  return hosts.includes(host) || hosts.includes(`${host}:${port || (protocol === "https:" ? 443 : 80)}`);
}

/** Whether the destination is an address that is not public; a name is not known before it is looked up. */
export const isRefusedLiteral = ({ hostname }: Destination): boolean => isIP(hostname) !== 0 && !isPublic(hostname);
