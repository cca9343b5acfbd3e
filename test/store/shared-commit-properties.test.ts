import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/store/sql.ts";
import type { Transaction } from "../../src/store/store.ts";
import { isGivenUp } from "../../src/store/violations.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { space } from "./rows.ts";

/** What a transaction does between its first write and its end. */
const aStep = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("write", "write by hand", "read") },
  { weight: 2, arbitrary: fc.constant("turn") },
  { weight: 1, arbitrary: fc.constantFrom("be refused", "ask and not wait") },
);
const anEnd = fc.oneof(
  { weight: 6, arbitrary: fc.constant("well") },
  { weight: 2, arbitrary: fc.constantFrom("throw", "take too long") },
  { weight: 1, arbitrary: fc.constant("ruin all") },
);
const aCaller = fc.record({
  turnsBefore: fc.nat(2),
  asks: fc.constantFrom("a transaction", "a transaction", "a transaction", "a plain write", "a batch"),
  steps: fc.array(aStep, { maxLength: 5 }),
  end: anEnd,
});

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Caller = Drawn<typeof aCaller>;

/** One run: callers that come soon after each other, and what each was told. */
class Run {
  readonly #store: TestStore["store"];
  readonly #disk: Database.Database;
  readonly #leftOver: Promise<unknown>[] = [];
  readonly #rowsOf = new Map<string, string[]>();
  /** In the order they were told. */
  readonly kept: { readonly name: string; readonly number: bigint | null }[] = [];
  readonly refused: { readonly caller: Caller; readonly error: unknown }[] = [];

  constructor(store: TestStore["store"], disk: Database.Database) {
    this.#store = store;
    this.#disk = disk;
  }

  async take(callers: readonly Caller[]): Promise<void> {
    const asked: Promise<void>[] = [];
    for (const [at, caller] of callers.entries()) {
      for (let turn = 0; turn < caller.turnsBefore; turn++) await setImmediate();
      asked.push(this.#ask(`caller ${at}`, caller));
    }
    await Promise.all(asked);
    await Promise.allSettled(this.#leftOver);
  }

  async #ask(name: string, caller: Caller): Promise<void> {
    this.#rowsOf.set(name, []);
    try {
      const number = await this.#write(name, caller);
      this.kept.push({ name, number });
      for (const row of this.rowsOf(name)) assert.ok(this.#onDisk(row), `${row} was acknowledged`);
    } catch (error) {
      this.refused.push({ caller, error });
    }
  }

  async #write(name: string, caller: Caller): Promise<bigint | null> {
    if (caller.asks === "a transaction") {
      const limit = caller.end === "take too long" ? { timeLimitMs: 3 } : {};
      return this.#store.transact((tx, sql) => this.#work(name, caller, tx, sql), limit);
    }
    if (caller.asks === "a plain write") await this.#store.space.create({ data: space(this.#rowFor(name)) });
    else
      await this.#store.$transaction([1, 2].map(() => this.#store.space.create({ data: space(this.#rowFor(name)) })));
    return null;
  }

  async #work(name: string, { steps, end }: Caller, tx: Transaction, sql: Sql): Promise<bigint> {
    const [head] = await sql.all<{ seq: bigint }>(countOne, []);
    await tx.space.create({ data: space(this.#rowFor(name)) });
    for (const step of steps) await this.#step(name, step, tx, sql);
    if (end === "throw") throw new Error("not this one");
    if (end === "ruin all") await sql.run(insertOr("ROLLBACK"), ["there"]).catch(() => undefined);
    if (end === "take too long") await this.#goOn(name, tx);
    return head?.seq ?? 0n;
  }

  /** Until it is refused. */
  async #goOn(name: string, tx: Transaction): Promise<never> {
    for (;;) await tx.space.create({ data: space(this.#rowFor(name)) });
  }

  async #step(name: string, step: string, tx: Transaction, sql: Sql): Promise<void> {
    if (step === "write") await tx.space.create({ data: space(this.#rowFor(name)) });
    if (step === "write by hand") await sql.run(insertOr("ABORT"), [this.#rowFor(name)]);
    if (step === "read") assert.equal(await tx.space.count({ where: { name: this.rowsOf(name)[0] ?? "" } }), 1);
    if (step === "turn") await setImmediate();
    if (step === "be refused") await sql.run(insertOr("ABORT"), ["there"]).catch(() => undefined);
    // Either it is made in time or it is refused; it never becomes part of what comes next.
    if (step === "ask and not wait") this.#leftOver.push(tx.space.count().catch(() => undefined));
  }

  rowsOf(name: string): readonly string[] {
    return this.#rowsOf.get(name) ?? [];
  }

  #rowFor(name: string): string {
    const rows = this.#rowsOf.get(name) ?? [];
    rows.push(`${name} row ${rows.length}`);
    return rows.at(-1) ?? "";
  }

  #onDisk(row: string): boolean {
    return this.#disk.prepare("SELECT 1 FROM Space WHERE name = ?").get(row) !== undefined;
  }
}

const countOne = `INSERT INTO "Stream" ("name", "seq") VALUES ('head', 1)
  ON CONFLICT ("name") DO UPDATE SET "seq" = "seq" + 1 RETURNING "seq"`;
const insertOr = (otherwise: "ABORT" | "ROLLBACK") =>
  `INSERT OR ${otherwise} INTO "Space" ("name", "createdAt", "updatedAt") VALUES (?, '2026-01-01', '2026-01-01')`;

let database: TestStore;
let disk: Database.Database;
beforeAll(async () => {
  database = await openTestStore("sqlite");
  disk = new Database(join(database.dataDir, "gateway.db"), { readonly: true });
});
afterAll(async () => {
  disk.close();
  await database.close();
});

test("whoever asks at the same time is kept in whole or not at all, and told so once it is on the disk", async () => {
  const { store } = database;
  const runs = fc.asyncProperty(fc.array(aCaller, { minLength: 2, maxLength: 12 }), async (callers) => {
    await store.$transaction([store.space.deleteMany(), store.stream.deleteMany()]);
    await store.space.create({ data: space("there") });
    const run = new Run(store, disk);
    await run.take(callers);

    const rows = (await store.space.findMany()).map(({ name }) => name).toSorted();
    assert.deepEqual(rows, [...run.kept.flatMap(({ name }) => run.rowsOf(name)), "there"].toSorted());
    const numbers = run.kept.flatMap(({ number }) => number ?? []);
    assert.deepEqual(
      numbers,
      numbers.map((_number, at) => BigInt(at + 1)),
    );
    const ruins = callers.some(({ asks, end }) => asks === "a transaction" && end === "ruin all");
    for (const { caller, error } of run.refused) {
      const mayEndWell = caller.asks !== "a transaction" || caller.end === "well";
      assert.ok(!mayEndWell || (ruins && isGivenUp(error)), `${String(error)} of who did nothing wrong`);
    }
  });
  await expect(fc.assert(runs, { numRuns: 80, endOnFailure: true })).resolves.toBeUndefined();
}, 30_000);
