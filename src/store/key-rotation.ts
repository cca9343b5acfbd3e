import { randomUUID } from "node:crypto";
import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { createSealer } from "./aes-sealer.ts";
import { decodeKey, keyInFile, masterKey, syncFolder } from "./keys.ts";
import type { Sealer } from "./sealer.ts";

type KeyConfig = Pick<Config, "masterKey" | "previousMasterKey" | "dataDir">;

/** A change of the master key under way. */
export interface KeyRotation {
  /** Seals under the new key and opens what any known one sealed. */
  readonly sealer: Sealer;
  /** Where the old key is kept; `null` when keys come from the environment. */
  readonly oldKeyFile: string | null;
  /** Makes the new key the one that counts, once nothing is sealed under another. */
  finish(): void;
}

/**
 * Every key but the present one that may open a stored secret: RAWORC_MASTER_KEY_PREVIOUS, and in the data folder
 * the present, the next and the previous `master.key`, as far as they are there.
 */
export function otherMasterKeys({ previousMasterKey, dataDir }: KeyConfig): Buffer[] {
  const given = previousMasterKey === null ? [] : [decodeKey(previousMasterKey, "RAWORC_MASTER_KEY_PREVIOUS")];
  const files = Object.values(filesIn(dataDir)).filter((path) => existsSync(path));
  return [...given, ...files.map(keyInFile)];
}

/**
 * Begins to change the master key, or goes on where a rotation was cut off. The new key is RAWORC_MASTER_KEY; without
 * it, one that is made and kept in `master.key.next` until `finish`, so that no step can lose a key.
 *
 * @throws {StoreError} when a key file can be read by others or does not hold a key.
 */
export function beginRotation(config: KeyConfig): KeyRotation {
  const otherKeys = () => otherMasterKeys(config);
  const { next, previous } = filesIn(config.dataDir);
  if (config.masterKey !== null) {
    return { sealer: createSealer(masterKey(config), otherKeys), oldKeyFile: null, finish: () => undefined };
  }
  masterKey(config); // made where no gateway was ever started
  return {
    sealer: createSealer(keyInFile(next), otherKeys),
    oldKeyFile: previous,
    finish: () => replaceMasterKey(config.dataDir),
  };
}

const filesIn = (dataDir: string) => {
  const present = join(dataDir, "master.key");
  return { present, next: `${present}.next`, previous: `${present}.previous` };
};

/** There is a `master.key` at every moment, and the old one keeps a name of its own before it loses this one. */
function replaceMasterKey(dataDir: string): void {
  const { present, next, previous } = filesIn(dataDir);
  const second = `${previous}.${randomUUID()}`;
  linkSync(present, second);
  renameSync(second, previous);
  rmSync(second, { force: true }); // stays where both are names of one file already
  syncFolder(dataDir);
  renameSync(next, present);
  syncFolder(dataDir);
}
