import { statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/store/open.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { openTestStore } from "../support/store.ts";
import { onEveryDatabase } from "./databases.ts";
import { startWriter } from "./processes.ts";
import { space } from "./rows.ts";

describe("opening a data folder", () => {
  let folder: string;
  let dataDir: string;
  const open = (databaseUrl = `file:${join(dataDir, "gateway.db")}`) => openStore({ databaseUrl, dataDir });
  const using = async <T>(opened: OpenStore, use: (opened: OpenStore) => Promise<T>) => {
    try {
      return await use(opened);
    } finally {
      await opened.close();
    }
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "raworc-open-"));
    dataDir = join(folder, "deep", "data");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("makes the folder, for its owner alone, and a database with every table", async () => {
    const rows = await using(await open(), async ({ store, provider }) => [
      provider,
      await store.agent.count(),
      await store.event.count(),
    ]);
    expect(rows).toEqual(["sqlite", 0, 0]);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, "gateway.db")).mode & 0o777).toBe(0o600);
  });

  test("finds again what was stored before", async () => {
    await using(await open(), ({ store }) => store.space.create({ data: space("kept") }));
    expect(await using(await open(), ({ store }) => store.space.count({ where: { name: "kept" } }))).toBe(1);
  });

  test("is refused while another gateway has it, and says what to do", async () => {
    await using(await open(), async () => {
      await expect(open()).rejects.toThrow(/in use by another gateway.*RAWORC_DATA_DIR/);
    });
    await using(await open(), async () => undefined);
  });

  test("is refused for a database file in a folder that another gateway has", async () => {
    await using(await open(), async () => {
      const other = { databaseUrl: `file:${join(dataDir, "gateway.db")}`, dataDir: join(folder, "other") };
      await expect(openStore(other)).rejects.toThrow(/in use by another gateway/);
    });
  });

  test("is refused while another process has it, and works as soon as that one was killed", async () => {
    const writer = startWriter(`file:${join(dataDir, "gateway.db")}`, dataDir);
    await writer.wrote(1);
    await expect(open()).rejects.toThrow(/in use by another gateway/);
    await writer.kill();
    expect(await using(await open(), ({ store }) => store.space.count())).toBeGreaterThan(0);
  });

  test("is refused when it cannot be made or written, and says what to do", async () => {
    await writeFile(join(folder, "deep"), "");
    await expect(open()).rejects.toThrow(StoreError);
    await expect(open()).rejects.toThrow(/data folder ".*data" cannot be used \(.*RAWORC_DATA_DIR\): ENOTDIR/);
  });

  test("is not taken for another gateway's when its lock cannot be written", async () => {
    await mkdir(join(dataDir, "gateway.lock"), { recursive: true });
    await expect(open()).rejects.toThrow(StoreError);
    await expect(open()).rejects.toThrow(/gateway.lock" cannot be written: unable to open database file/);
  });

  test("can be closed twice", async () => {
    const opened = await open();
    await opened.close();
    await expect(opened.close()).resolves.toBeUndefined();
  });

  test("fails when the database cannot be reached, and lets go of the folder", async () => {
    await expect(open("postgresql://nobody@127.0.0.1:1/none")).rejects.toThrow(
      /PostgreSQL at "127.0.0.1:1" cannot be reached: .*ECONNREFUSED/,
    );
    await expect(open(`file:${dataDir}`)).rejects.toThrow(/cannot be opened: .*open database file/);
    await using(await open(), async () => undefined);
  });

  test("is refused when the file is no database, without touching it", async () => {
    const path = join(folder, "notes.txt");
    await writeFile(path, "not a database, but long enough to be taken for the head of one".repeat(10));
    await expect(open(`file:${path}`)).rejects.toThrow(/notes.txt" cannot be opened: file is not a database/);
    expect(await readFile(path, "utf8")).toMatch(/^not a database/);
  });
});

onEveryDatabase("a process killed in the middle of writing", (provider) => {
  test("loses none of the writes it was told are stored, and half of no transaction", async () => {
    const database = await openTestStore(provider);
    await database.release();
    const writer = startWriter(database.databaseUrl, database.dataDir);
    await writer.wrote(200);
    await writer.kill();

    const opened = await openStore(database);
    const spaces = await opened.store.space.findMany();
    const stored = new Set(spaces.map(({ name }) => name));
    expect(writer.acknowledged.filter((name) => !stored.has(name))).toEqual([]);
    expect(spaces.filter(({ description: other }) => !stored.has(other ?? ""))).toEqual([]);
    await opened.close();
    await database.close();
  });
});
