/** Everything that is not the internet: private, shared, link-local (metadata), test, multicast and reserved. */
export const privateRanges = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/**
 * The packet filter of a container with EGRESS, in the form of `iptables-restore`, which replaces the old one in one
 * step. What is refused fails at once. Rules hold for whatever leaves, by whichever route or interface it was sent.
 */
export const closingRules = (ranges: readonly string[]) => [
  "*filter",
  ":INPUT ACCEPT",
  ":FORWARD DROP",
  ":OUTPUT ACCEPT",
  "-A OUTPUT -o lo -j ACCEPT",
  ...[...new Set(ranges)].map((range) => `-A OUTPUT -d ${range} -j REJECT`),
  "COMMIT",
];

/** The addresses in the output of `ip -4 -o addr show`, as ranges of one each. */
export function hostAddressesIn(output: string): string[] {
  const addresses = [...output.matchAll(/\binet (\d+\.\d+\.\d+\.\d+)/g)].map(([, address]) => address ?? "");
  return addresses.filter((address) => !address.startsWith("127.")).map((address) => `${address}/32`);
}
