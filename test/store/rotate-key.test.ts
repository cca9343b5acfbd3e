import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rotateKey } from "../../src/domain/secrets/rotate-key.ts";
import { openStore } from "../../src/store/open.ts";
import { startTestGateway } from "../support/gateway.ts";
import { postgresql } from "../support/needs.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { onEveryDatabase } from "./databases.ts";
import { checkAll, configOf, keysIn, sealerOf, startRotation, storeMany } from "./rotation-world.ts";

onEveryDatabase("changing the master key", (provider) => {
  let database: TestStore;
  beforeEach(async () => {
    database = await openTestStore(provider);
  });
  afterEach(() => database.close());

  /** Gives the database back, does something, and opens it again. */
  const looking = async <T>(look: (opened: TestStore["store"]) => Promise<T>): Promise<T> => {
    const opened = await openStore(database);
    try {
      return await look(opened.store);
    } finally {
      await opened.close();
    }
  };

  test("seals every secret anew, of spaces, agents and sessions, and keeps the old key for backups", async () => {
    const old = sealerOf(database);
    await storeMany(database.store, old, 250);
    await database.release();
    const [oldKey] = keysIn(database.dataDir, "master.key");
    const { secrets, oldKeyFile } = await rotateKey(configOf(database));
    expect(secrets).toBe(250);
    const present = sealerOf(database);
    expect(present.keyId).not.toBe(old.keyId);
    expect(await looking((store) => checkAll(store, present))).toEqual({ [present.keyId]: 250 });
    expect(oldKeyFile).toBe(join(database.dataDir, "master.key.previous"));
    expect(keysIn(database.dataDir, "master.key.previous")).toEqual([oldKey]);
    expect(existsSync(join(database.dataDir, "master.key.next"))).toBe(false);
  });

  test("to one from the environment opens what the previous one sealed, and needs it no more afterwards", async () => {
    const [one, two] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
    await storeMany(database.store, sealerOf(database, { RAWORC_MASTER_KEY: one }), 10);
    await database.release();
    await expect(rotateKey(configOf(database, { RAWORC_MASTER_KEY: two }))).rejects.toThrow(
      /does not have \(in space "default"\). Give its key with RAWORC_MASTER_KEY_PREVIOUS/,
    );
    const both = { RAWORC_MASTER_KEY: two, RAWORC_MASTER_KEY_PREVIOUS: one };
    expect(await looking((store) => checkAll(store, sealerOf(database, both)))).toEqual({ [keyIdOf(one)]: 10 });
    expect((await rotateKey(configOf(database, both))).secrets).toBe(10);
    const onlyNew = sealerOf(database, { RAWORC_MASTER_KEY: two });
    expect(await looking((store) => checkAll(store, onlyNew))).toEqual({ [onlyNew.keyId]: 10 });
    expect((await rotateKey(configOf(database, both))).secrets).toBe(0);
  });

  const keyIdOf = (key: string) => sealerOf(database, { RAWORC_MASTER_KEY: key }).keyId;
});

describe("a rotation that is killed", () => {
  test("loses no secret wherever it is, and goes on when it is repeated", { timeout: 60_000 }, async () => {
    const database = await openTestStore("sqlite");
    const old = sealerOf(database);
    const total = 900;
    await storeMany(database.store, old, total);
    await database.release();
    const [oldKey = ""] = keysIn(database.dataDir, "master.key");
    const kills = [1, total / 3, (2 * total) / 3];
    for (const least of kills) {
      const { child, ended } = startRotation(database);
      await sealedAnew(database, old.keyId, least);
      child.kill("SIGKILL");
      expect((await ended).code).toBeNull();
      const opened = await openStore(database);
      const counts = await checkAll(opened.store, sealerOf(database));
      await opened.close();
      expect(Object.keys(counts).length).toBeLessThanOrEqual(2); // one new key, however often it was begun
      expect(total - (counts[old.keyId] ?? 0)).toBeGreaterThanOrEqual(least);
    }
    const { code, printed } = await startRotation(database).ended;
    expect(code).toBe(0);
    expect(printed).toMatch(/secrets are sealed under the new master key/);
    const opened = await openStore(database);
    const present = sealerOf(database);
    expect(await checkAll(opened.store, present)).toEqual({ [present.keyId]: total });
    await opened.close();
    for (const key of [oldKey, ...keysIn(database.dataDir, "master.key", "master.key.previous")]) {
      expect(printed).not.toContain(key);
    }
    await database.close();
  });

  /** Resolves when so many secrets are no longer sealed under that key; reading does not need the gateway's lock. */
  async function sealedAnew({ databaseUrl }: TestStore, keyId: string, least: number): Promise<void> {
    const reader = new Database(databaseUrl.replace("file:", ""), { readonly: true });
    const count = reader.prepare<[string], { count: number }>(`SELECT count(*) AS count FROM Secret WHERE keyId <> ?`);
    await expect.poll(() => count.get(keyId)?.count, { timeout: 15_000, interval: 2 }).toBeGreaterThanOrEqual(least);
    reader.close();
  }
});

describe("beside a gateway that runs", { timeout: 30_000 }, () => {
  test("on SQLite, it is refused with what to do", async () => {
    const gateway = await startTestGateway({ provider: "sqlite" });
    await expect(rotateKey(gateway.config)).rejects.toThrow(/in use by another gateway. Stop that one/);
    await gateway.stop();
  });

  test.skipIf(postgresql.found === null)(
    "on PostgreSQL, the gateway reads every secret before, while and after",
    async () => {
      const database = await openTestStore("postgresql");
      const running = sealerOf(database);
      await storeMany(database.store, running, 200);
      const rotating = rotateKey(configOf(database));
      const sealedUnderOld = async () => (await checkAll(database.store, running))[running.keyId];
      await expect.poll(sealedUnderOld, { timeout: 20_000, interval: 1 }).toBeUndefined();
      expect((await rotating).secrets).toBe(200);
      const { keyId } = sealerOf(database);
      expect(await checkAll(database.store, running)).toEqual({ [keyId]: 200 });
      // Until it is restarted the gateway seals under the old key, which stays readable and is caught by the next rotation.
      await database.store.secret.deleteMany();
      await storeMany(database.store, running, 5);
      expect(await checkAll(database.store, sealerOf(database))).toEqual({ [running.keyId]: 5 });
      expect((await rotateKey(configOf(database))).secrets).toBe(5);
      await database.close();
    },
  );
});
