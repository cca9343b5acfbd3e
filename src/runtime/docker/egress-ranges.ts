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

/** Splits an IPv4 network into its two halves: `10.1.0.0/16` into `10.1.0.0/17` and `10.1.128.0/17`. */
export function halvesOf(subnet: string): string[] {
  const [address = "", length = ""] = subnet.split("/");
  const bits = Number(length) + 1;
  if (bits > 32) return [`${address}/32`];
  const first = (toNumber(address) & -(2 ** (33 - bits))) >>> 0;
  return [`${toAddress(first)}/${bits}`, `${toAddress(first + 2 ** (32 - bits))}/${bits}`];
}

/** The addresses in the output of `ip -4 -o addr show`, as routes to each alone. */
export function hostAddressesIn(output: string): string[] {
  const addresses = [...output.matchAll(/\binet (\d+\.\d+\.\d+\.\d+)/g)].map(([, address]) => address ?? "");
  return addresses.filter((address) => !address.startsWith("127.")).map((address) => `${address}/32`);
}

const toNumber = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const toAddress = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
