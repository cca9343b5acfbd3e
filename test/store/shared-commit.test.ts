import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { commit, type Unit } from "../../src/events/commit.ts";
import { createMemoryTail } from "../../src/events/memory-tail.ts";
import { maskError } from "../../src/graphql/errors.ts";
import { isGivenUp, isStoreAway, isStoreFull, isUniqueViolation } from "../../src/store/violations.ts";
import { committerOver } from "../events/world.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { event, space } from "./rows.ts";
import { commitsIn } from "./write-ahead-log.ts";

const names = (count: number) => Array.from({ length: count }, (_, at) => `space ${String(at).padStart(2, "0")}`);
const refusalOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => null,
    (error: unknown) => error,
  );

const large = { text: "x".repeat(200_000) };

/** SQLite has one writer; on PostgreSQL everybody commits by themselves. */
describe("transactions that share a COMMIT", () => {
  let database: TestStore;
  let store: TestStore["store"];
  /** Sees what a process that opened the file now would see. */
  let disk: Database.Database;
  /** Stands still, so that it is not the machine's speed that says who shares with whom. */
  let clockMs = 0;
  beforeEach(async () => {
    vi.spyOn(performance, "now").mockImplementation(() => clockMs);
    database = await openTestStore("sqlite");
    store = database.store;
    disk = new Database(join(database.dataDir, "gateway.db"), { readonly: true });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    disk.close();
    await database.close();
  });

  const onDisk = () => disk.prepare("SELECT name FROM Space ORDER BY name").pluck().all();
  const commits = () => commitsIn(join(database.dataDir, "gateway.db-wal"));
  const add = (name: string) => store.transact((tx) => tx.space.create({ data: space(name) }));
  const addThen = (name: string, error: Error) =>
    store.transact(async (tx) => {
      await tx.space.create({ data: space(name) });
      throw error;
    });
  /** Makes SQLite itself undo the whole transaction, as it does on some errors of the disk. */
  const ruin = () => store.transact((_tx, sql) => sql.run(`INSERT OR ROLLBACK INTO "Space" SELECT * FROM "Space"`, []));

  test("are fewer on the disk than there are callers, and one that comes alone is one", async () => {
    const before = commits();
    await Promise.all(names(20).map(add));
    expect(commits() - before).toBe(1);

    const between = commits();
    for (const name of ["one", "two", "three"]) await add(name);
    expect(commits() - between).toBe(3);
  });

  test("tell each caller only when its changes are on the disk, in the order they were made", async () => {
    const told: string[] = [];
    const adding = names(20).map(async (name) => {
      await add(name);
      expect(onDisk()).toContain(name);
      told.push(name);
    });
    await Promise.all(adding);
    expect(told).toEqual(names(20));
  });

  test("undo one that fails by itself, and keep those before and after it", async () => {
    const error = new Error("not this one");
    const failing = (name: string) => refusalOf(addThen(name, error));
    const first = await Promise.all([failing("first"), add("one"), failing("second"), add("two"), failing("third")]);
    expect([first[0], first[2], first[4]]).toEqual([error, error, error]);
    const [, refusal] = await Promise.all([add("three"), refusalOf(add("one")), add("four")]);
    expect(refusal).toSatisfy(isUniqueViolation);
    expect(onDisk()).toEqual(["four", "one", "three", "two"]);
  });

  test("tell who fails for what another has made only when that is on the disk", async () => {
    const refused = async () => {
      expect(await refusalOf(add("one"))).toSatisfy(isUniqueViolation);
      expect(onDisk()).toEqual(["one", "two"]);
    };
    await Promise.all([add("one"), refused(), refused(), add("two")]);
  });

  test("undo one that takes too long by itself, and let none of what it still asks into another", async () => {
    const late: Promise<unknown>[] = [];
    const another = Promise.withResolvers<void>();
    const slow = store.transact(
      async (tx) => {
        await tx.space.create({ data: space("slow") });
        late.push(another.promise.then(() => tx.space.create({ data: space("late") })));
        await new Promise(() => undefined);
      },
      { timeLimitMs: 10 },
    );
    const patient = store.transact(async (tx) => {
      await tx.space.create({ data: space("patient") });
      another.resolve();
      await Promise.allSettled(late); // asked while this one is open
    });
    const [refusal] = await Promise.all([refusalOf(slow), add("first"), patient]);
    expect(refusal).toSatisfy(isStoreAway);
    await expect(late[0]).rejects.toThrow(/already ended/i);
    expect(onDisk()).toEqual(["first", "patient"]);
  });

  test("all fail when the COMMIT does, keep nothing, and are in nobody's way", async () => {
    const broken = store.transact(async (tx) => {
      await tx.$executeRaw`PRAGMA defer_foreign_keys = ON`; // found out only by COMMIT
      await tx.$executeRaw`INSERT INTO "AgentTag" ("agentId", "tag") VALUES ('nobody', 'x')`;
    });
    const all = await Promise.allSettled([add("before"), broken, add("after")]);
    for (const one of all) {
      expect(one).toMatchObject({ status: "rejected", reason: { cause: { kind: "ForeignKeyConstraintViolation" } } });
    }
    expect(onDisk()).toEqual([]);

    await add("later");
    expect(onDisk()).toEqual(["later"]);
  });

  test("are told so when SQLite has undone them with another, and may begin anew", async () => {
    await add("there");
    const [before, ruined] = await Promise.all([refusalOf(add("before")), refusalOf(ruin()), add("after")]);
    expect(before).toSatisfy(isGivenUp);
    expect(maskError(before, { error: () => undefined }).extensions).toMatchObject({ code: "UNAVAILABLE" });
    expect(ruined).toSatisfy(isUniqueViolation);
    expect(onDisk()).toEqual(["after", "there"]);
  });

  test("are changes that are made again, with their events once, when a neighbour met a full disk", async () => {
    const heard: bigint[] = [];
    const tail = createMemoryTail();
    tail.subscribe("*", { event: ({ id }) => heard.push(id) });
    const committer = committerOver(store, tail);
    const change = (name: string, payload: object = {}) =>
      commit(committer, async ({ tx, emit }: Unit) => {
        await tx.space.create({ data: space(name) });
        await emit({ stream: `space:${name}`, type: "space.created", payload: { ...payload } });
      });
    await change("there");
    const pages = disk.pragma("page_count", { simple: true }) as number; // SQLite answers a number
    await store.$executeRawUnsafe(`PRAGMA max_page_count = ${pages + 5}`);

    const [, refusal] = await Promise.all([change("small"), refusalOf(change("large", large)), change("tiny")]);
    expect(refusal).toSatisfy(isStoreFull);

    expect(onDisk()).toEqual(["small", "there", "tiny"]);
    expect(heard).toEqual([1n, 2n, 3n]);
    expect((await store.event.findMany()).map(({ id }) => id)).toEqual([1n, 2n, 3n]);
  });

  test("never contain a write that was made outside of any, nor a batch of the client", async () => {
    const outside = async () => {
      const batch = [store.space.create({ data: space("twice") }), store.space.create({ data: space("twice") })];
      await expect(store.$transaction(batch)).rejects.toMatchObject({ code: "P2002" });
    };
    const plain = store.space.create({ data: space("plain") });
    await Promise.all([add("first"), plain, outside(), add("second"), store.event.create({ data: event(1n) })]);
    expect(onDisk()).toEqual(["first", "plain", "second"]);
  });

  test("are joined by nobody once the first of them is old", async () => {
    const before = commits();
    const aged = (name: string) =>
      store.transact(async (tx) => {
        await tx.space.create({ data: space(name) });
        clockMs += 5;
      });
    await Promise.all(names(20).map(aged));
    expect(commits() - before).toBe(10);
  });

  test("do not make a caller wait for all who come after it", async () => {
    const crowd = { goesOn: true, waiting: 0 };
    const others: Promise<unknown>[] = [];
    const another = () => {
      crowd.waiting++;
      return store.transact(async (_tx, sql) => {
        crowd.waiting--;
        while (crowd.goesOn && crowd.waiting < 30) others.push(another()); // so that somebody always waits
        await sql.run(`UPDATE "Space" SET "description" = 'another'`, []);
      });
    };
    others.push(another());
    await add("among them");
    crowd.goesOn = false;
    expect(others.length).toBeLessThan(200);
    for (const one of others) await one;
    expect(onDisk()).toEqual(["among them"]);
  });
});
