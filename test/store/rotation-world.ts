import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { openSecret, type Owner, sealSecret } from "../../src/domain/secrets/owned.ts";
import { createSealer } from "../../src/store/aes-sealer.ts";
import { otherMasterKeys } from "../../src/store/key-rotation.ts";
import { masterKey } from "../../src/store/keys.ts";
import type { Sealer } from "../../src/store/sealer.ts";
import type { Store } from "../../src/store/store.ts";
import type { TestStore } from "../support/store.ts";

/** What a gateway on this database would be configured with. */
export const configOf = ({ dataDir, databaseUrl }: Pick<TestStore, "dataDir" | "databaseUrl">, env: object = {}) =>
  readConfig({ RAWORC_DATA_DIR: dataDir, DATABASE_URL: databaseUrl, ...env });

/** The sealer of a gateway that starts now. */
export function sealerOf(database: Pick<TestStore, "dataDir" | "databaseUrl">, env: object = {}): Sealer {
  const config = configOf(database, env);
  return createSealer(masterKey(config), () => otherMasterKeys(config));
}

const owners: readonly Owner[] = [
  { space: "default", kind: "SPACE", id: "default" },
  { space: "default", kind: "AGENT", id: "agent-1" },
  { space: "lab", kind: "SESSION", id: "session-1" },
];
const at = new Date("2026-03-01T12:00:00.000Z");

/** Stores so many secrets of all kinds of owners; the value of each is its id. */
export async function storeMany(store: Store, sealer: Sealer, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => {
    const owner = owners[index % owners.length] ?? { space: "default", kind: "SPACE", id: "default" };
    const [id, keyName] = [`secret-${String(index).padStart(6, "0")}`, `KEY_${index}`];
    const place = { space: owner.space, ownerKind: owner.kind, ownerId: owner.id, keyName };
    return { id, ...place, ...sealSecret({ sealer }, owner, keyName, id), createdAt: at, updatedAt: at };
  });
  await store.secret.createMany({ data: rows });
}

/** How many secrets are sealed under each key, after every one was opened and found to be what it was. */
export async function checkAll(store: Store, sealer: Sealer): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const row of await store.secret.findMany()) {
    const value = openSecret({ sealer }, { space: row.space, kind: row.ownerKind, id: row.ownerId }, row);
    if (value !== row.id) throw new Error(`${row.id} is now ${value}`);
    counts[row.keyId] = (counts[row.keyId] ?? 0) + 1;
  }
  return counts;
}

/** The command in a process of its own. */
export interface Rotating {
  readonly child: ChildProcess;
  /** Its exit code, `null` when it was killed, and all that it printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly printed: string }>;
}

/** Starts `rotate-key` as users do. */
export function startRotation({ dataDir, databaseUrl }: Pick<TestStore, "dataDir" | "databaseUrl">, env: object = {}) {
  const child = spawn(process.execPath, ["src/main.ts", "rotate-key"], {
    env: { ...process.env, RAWORC_DATA_DIR: dataDir, DATABASE_URL: databaseUrl, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (printed += String(text)));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, printed })); // as Node has it
  return { child, ended } satisfies Rotating;
}

/** The keys in the folder, as they are written there. */
export const keysIn = (dataDir: string, ...names: readonly string[]): string[] =>
  names.map((name) => readFileSync(join(dataDir, name), "utf8").trim());
