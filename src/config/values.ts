import { isIP } from "node:net";
import proxyAddr from "@fastify/proxy-addr";
import { z } from "zod";

export const text = z.string().optional();
export const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** In decimal digits, and nothing else. */
export const wholeNumber = (least: number, most: number, fallback: number) =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(least).max(most)).default(fallback);

/** Entries between commas; spaces around them and empty ones do not count. */
export const list = z
  .string()
  .transform((value) =>
    value
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .default([]);

/** Hosts as URLs have them, each with a port or without. */
export const hosts = list.pipe(
  z.array(
    z
      .string()
      .regex(/^(\[[^\]]+\]|[^:[\]/@?#]+)(:\d{1,5})?$/)
      .refine((entry) => URL.canParse(`http://${entry}`))
      .transform((entry) => new URL(`http://${entry}`).hostname + (/:\d+$/.exec(entry)?.[0] ?? "")),
  ),
);

/** Names of hosts in small letters, without the root's dot. */
export const hostNames = list.pipe(
  z.array(
    z
      .string()
      .regex(/^[\w-]+(\.[\w-]+)*\.?$/)
      .transform((name) => name.toLowerCase().replace(/\.$/, "")),
  ),
);

/** Names of images, or their beginnings with a `*` behind. */
export const imageNames = list.pipe(z.array(z.string().regex(/^[\w.\-/:@]+\*?$/)));

/** Container engines by name, as `name=address,other=address`. No name and no address comes twice. */
export const namedEngines = list
  .pipe(
    z.array(
      z
        .string()
        .regex(/^[A-Za-z0-9][\w.-]{0,62}=(unix:\/\/\/|(tcp|https):\/\/[^/@]+$)/)
        .transform((entry) => ({
          name: entry.slice(0, entry.indexOf("=")),
          address: entry.slice(entry.indexOf("=") + 1),
        }))
        .refine(({ address }) => URL.canParse(address)),
    ),
  )
  .refine((engines) => new Set(engines.map(({ name }) => name)).size === engines.length)
  .refine((engines) => new Set(engines.map(({ address }) => address)).size === engines.length);

/** Addresses, ranges of them and names of ranges, as the library takes them that finds out who is behind a proxy. */
export const proxies = list.pipe(z.array(z.string().refine(isProxy)));

function isProxy(entry: string): boolean {
  if (/^(loopback|linklocal|uniquelocal)$/.test(entry)) return true;
  if (isIP(entry.replace(/\/.*/, "")) === 0) return false; // to the library a mere number is an address
  try {
    proxyAddr.compile(entry);
    return true;
  } catch {
    return false;
  }
}
