import { Client } from "pg";
import { describe, expect, test, vi } from "vitest";
import { postgresql } from "../support/needs.ts";
import { openTestStore } from "../support/store.ts";
import { agent, space } from "./rows.ts";

describe.skipIf(postgresql.found === null)("a transaction on PostgreSQL", () => {
  test("sends one statement at a time, whatever it is asked at once, and a refused one stops none after it", async () => {
    const database = await openTestStore("postgresql");
    const { store } = database;
    await store.space.create({ data: space("here") });
    for (const name of ["one", "two"]) await store.agent.create({ data: agent(name, "here") });
    const sent = watchConnections();
    await store.transact(async (tx) => {
      const read = () => tx.agent.findMany({ include: { computer: true, space: true } });
      const [agents] = await Promise.all([read(), read(), tx.space.count()]);
      expect(agents.map(({ computer }) => computer.space)).toEqual(["default", "default"]);
    });
    const refused = store.transact(async (tx) => {
      const again = tx.space.create({ data: space("here") });
      await Promise.all([again, tx.space.create({ data: space("there") }), tx.space.count()]);
    });
    await expect(refused).rejects.toMatchObject({ code: "P2002" });
    expect(await store.space.count()).toBe(1);
    expect(new Set(sent())).toEqual(new Set([true]));
    await database.close();
  });
});

/**
 * Answers, when called, for each statement that was sent whether all before it on its connection were answered. One that
 * is refused is answered by its error, a moment before the server says that it is ready: the driver waits for that.
 */
function watchConnections(): () => readonly boolean[] {
  const { value: query } = Object.getOwnPropertyDescriptor(Client.prototype, "query") ?? {};
  const spy = vi.spyOn(Client.prototype, "query");
  const alone: boolean[] = [];
  spy.mockImplementation(function (this: Client, ...args) {
    const { _activeQuery: unanswered, _queryQueue: unsent } = this as unknown as Lines;
    alone.push(unanswered === null && unsent.length === 0);
    return Reflect.apply(query, this, args);
  });
  return () => {
    spy.mockRestore();
    return alone;
  };
}

/** Where the driver keeps what was asked of a connection; its types leave it out. */
interface Lines {
  readonly _activeQuery: object | null;
  readonly _queryQueue: readonly object[];
}
