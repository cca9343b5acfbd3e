import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit, type Committer, type Unit } from "../../src/events/commit.ts";
import { createMemoryTail } from "../../src/events/memory-tail.ts";
import { isGivenUp } from "../../src/store/violations.ts";
import { space } from "../store/rows.ts";
import { postgresql } from "../support/needs.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { committerOver } from "./world.ts";

/** SQLite has one writer at a time, who waits for nobody. */
describe.skipIf(postgresql.found === null)("changes that wait for each other, on PostgreSQL", () => {
  let database: TestStore;
  let committer: Committer;
  const heard: string[] = [];

  beforeEach(async () => {
    database = await openTestStore("postgresql");
    for (const name of ["left", "right"]) await database.store.space.create({ data: space(name) });
    const tail = createMemoryTail();
    committer = committerOver(database.store, { ...tail, publish: (events) => heard.push(...events.map(typeOf)) });
    heard.length = 0;
  });
  afterEach(() => database.close());

  const typeOf = ({ type }: { readonly type: string }) => type;
  const touch = async ({ tx }: Unit, name: string, by: string) => {
    const { settings } = await tx.space.update({ where: { name }, data: { updatedAt: new Date(0) } });
    const touched = { ...(settings as object), [by]: true };
    await tx.space.update({ where: { name }, data: { settings: touched } });
  };

  test("are both made, each with its events once, though the database gives one of them up", async () => {
    const both = Promise.withResolvers<void>();
    let [attempts, held] = [0, 0];
    const change = (first: string, second: string) =>
      commit(committer, async (unit) => {
        attempts++;
        await unit.emit({ stream: "changes", type: `${first} before ${second}`, payload: {} });
        await touch(unit, first, first);
        if (++held === 2) both.resolve();
        await both.promise;
        await touch(unit, second, first);
      });

    await Promise.all([change("left", "right"), change("right", "left")]);

    expect(attempts).toBeGreaterThan(2); // whoever begins again may be quicker than whoever waited
    const spaces = await database.store.space.findMany({ where: { name: { in: ["left", "right"] } } });
    for (const { settings } of spaces) expect(settings).toEqual({ left: true, right: true });
    const events = await database.store.event.findMany({ orderBy: { id: "asc" } });
    expect(events.map(({ id }) => id)).toEqual([1n, 2n]);
    expect(events.map(typeOf).toSorted()).toEqual(["left before right", "right before left"]);
    expect(heard).toEqual(events.map(typeOf));
  });

  test("are given up in the end when every attempt fails", async () => {
    let attempts = 0;
    const hopeless = commit(committer, async ({ tx }) => {
      attempts++;
      await tx.$executeRawUnsafe(`DO $$ BEGIN RAISE EXCEPTION 'no way' USING ERRCODE = '40001'; END $$`);
    });

    await expect(hopeless).rejects.toSatisfy(isGivenUp);
    expect(attempts).toBe(5);
    expect(heard).toEqual([]);
  });
});
