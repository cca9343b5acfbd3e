import type { Config } from "../../config.ts";
import type { Gateway } from "../../gateway.ts";
import type { Secret } from "../../store/generated/client/client.ts";
import { beginRotation } from "../../store/key-rotation.ts";
import { openStore } from "../../store/open.ts";
import { StoreError } from "../../store/store-error.ts";
import { type Owner, openSecret, sealSecret } from "./owned.ts";

/** What a rotation did. */
export interface Rotated {
  readonly secrets: number;
  /** Where the old key is kept; `null` when keys come from the environment. */
  readonly oldKeyFile: string | null;
}

/** Few at a time, so that gateways at work wait for none of it. */
const batchSize = 100;

/**
 * Changes the master key: seals every secret again, under a new key. It may be cut off at any point and repeated, and
 * every secret can be read at every moment. A SQLite file must not be in use by a gateway; on PostgreSQL they may run.
 *
 * @throws {StoreError} when the store is in use, or a secret was sealed under a key that is not known.
 */
export async function rotateKey(config: Config): Promise<Rotated> {
  const opened = await openStore(config);
  try {
    const rotation = beginRotation(config);
    const secrets = await resealSecrets({ store: opened.store, sealer: rotation.sealer });
    rotation.finish();
    return { secrets, oldKeyFile: rotation.oldKeyFile };
  } finally {
    await opened.close();
  }
}

type Parts = Pick<Gateway, "store" | "sealer">;

/** Seals again what is not sealed under the sealer's own key; answers how many that were. */
async function resealSecrets(parts: Parts): Promise<number> {
  let count = 0;
  for (;;) {
    const where = { keyId: { not: parts.sealer.keyId } };
    const rows = await parts.store.secret.findMany({ where, orderBy: { id: "asc" }, take: batchSize });
    if (rows.length === 0) return count;
    count += await reseal(parts, rows);
  }
}

/** One batch, in one transaction. What was changed or deleted since it was read is left alone. */
async function reseal({ store, sealer }: Parts, rows: readonly Secret[]): Promise<number> {
  const sealed = rows.map((row) => ({ row, data: sealAgain(sealer, row) }));
  return store.transact(async (tx) => {
    let count = 0;
    for (const { row, data } of sealed) {
      count += (await tx.secret.updateMany({ where: { id: row.id, sealed: row.sealed }, data })).count;
    }
    return count;
  });
}

function sealAgain(sealer: Gateway["sealer"], row: Secret) {
  const owner: Owner = { space: row.space, kind: row.ownerKind, id: row.ownerId };
  try {
    return sealSecret({ sealer }, owner, row.keyName, openSecret({ sealer }, owner, row));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = "Give its key with RAWORC_MASTER_KEY_PREVIOUS, or delete it, and repeat; what was done stays good.";
    throw new StoreError(`${reason} (in space "${row.space}"). ${advice}`, error);
  }
}
