import { randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config.ts";
import { asStoreError, StoreError } from "./store-error.ts";

const KEY_BYTES = 32;

/**
 * The key that seals secrets: RAWORC_MASTER_KEY, else the file `master.key` in the data folder, which the
 * first start makes. Whoever loses it loses every stored secret.
 *
 * @throws {StoreError} when the file cannot be read, can be read by others or does not hold a key.
 */
export function masterKey({ masterKey: given, dataDir }: Pick<Config, "masterKey" | "dataDir">): Buffer {
  if (given !== null) return decodeKey(given, "RAWORC_MASTER_KEY");
  return keyInFile(join(dataDir, "master.key"));
}

/**
 * What signs tokens: RAWORC_JWT_SECRET, else the file `jwt.secret` in the data folder, which the first
 * start makes.
 *
 * @throws {StoreError} when the file cannot be read, can be read by others or does not hold a secret.
 */
export function jwtSecret({ jwtSecret: given, dataDir }: Pick<Config, "jwtSecret" | "dataDir">): string {
  if (given !== null) return given;
  const path = join(dataDir, "jwt.secret");
  const secret = readOrMake(path);
  decodeKey(secret, `The file "${path}"`);
  return secret;
}

/** The key in a file, which is made if it is missing. @throws {StoreError} as `masterKey` does. */
export const keyInFile = (path: string): Buffer => decodeKey(readOrMake(path), `The file "${path}"`);

/** 32 bytes out of base64. @throws {StoreError} naming `what` held something else. */
export function decodeKey(text: string, what: string): Buffer {
  const key = Buffer.from(text, "base64"); // takes base64url too
  if (key.length !== KEY_BYTES) throw new StoreError(`${what} does not hold ${KEY_BYTES} bytes in base64`);
  return key;
}

const ifItWasRead =
  "If somebody may have read it, change the key too: npm run rotate-key for master.key; jwt.secret is made anew " +
  "when it is deleted, and everybody logs in again.";

function readOrMake(path: string): string {
  try {
    return readOwn(path);
  } catch (error) {
    throw asStoreError(`The key file "${path}" cannot be used`, error);
  }
}

function readOwn(path: string): string {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return make(path);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new StoreError(`The file "${path}" can be read by others: run chmod 600 "${path}". ${ifItWasRead}`);
  }
  return readFileSync(path, "utf8").trim();
}

/**
 * Writes a new key and returns the one that counts: of two gateways starting at once, the first one's.
 *
 * The file gets its name only when it is complete and on the disk, so a crash leaves no half of a key.
 */
function make(path: string): string {
  const draft = `${path}.${randomUUID()}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeDurably(draft, `${randomBytes(KEY_BYTES).toString("base64")}\n`);
  try {
    linkSync(draft, path); // unlike a rename, it fails when the name is taken
    syncFolder(dirname(path));
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(draft);
  }
  return readOrMake(path);
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes what was named or renamed in a folder outlast a power cut. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return; // it cannot, and need not
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}
