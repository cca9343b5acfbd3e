import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Delta, LogEvent } from "../../src/events/event.ts";
import { createMemoryTail } from "../../src/events/memory-tail.ts";
import { createPostgresqlTail } from "../../src/events/postgresql-tail.ts";
import type { Tail } from "../../src/events/tail.ts";
import { postgresql } from "../support/needs.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { append, committerOver, Reader, truthFor } from "./world.ts";

const event = (stream: string) => ({ stream, type: "even", space: "a", payload: {} }) as const;
const text = (shown: string): Delta => ({ stream: "agent:one", delta: { channel: "text", text: shown } });

describe.skipIf(postgresql.found === null)("the tails of two gateways on one PostgreSQL", () => {
  let database: TestStore;
  let tails: readonly [Tail, Tail];
  const open = () => createPostgresqlTail(database, pino({ level: "silent" }), fail);
  const write = (which: 0 | 1, ...streams: readonly string[]) =>
    append(committerOver(database.store, tails[which]), streams.map(event), false);

  beforeEach(async () => {
    database = await openTestStore("postgresql");
    tails = [await open(), await open()];
  });
  afterEach(async () => {
    for (const tail of tails) await tail.close();
    await database.close();
  });

  test("announce the events of both, to both, in the order of their numbers and each once", async () => {
    const heard = tails.map(listenToAll);
    const readers = tails.flatMap((tail) =>
      (
        [
          { kind: "log", filter: {} },
          { kind: "stream", stream: "agent:one" },
        ] as const
      ).map((subject) => {
        const reader = new Reader(subject, 0n);
        reader.connect(database.store, tail);
        return reader;
      }),
    );
    await Promise.all(
      Array.from({ length: 120 }, (_, number) => write(number % 2 === 0 ? 0 : 1, "agent:one", `space:${number % 3}`)),
    );
    const all = Array.from({ length: 240 }, (_, place) => BigInt(place + 1));
    await until(() => expect(heard.map(({ events }) => events.map(({ id }) => id))).toEqual([all, all]));
    for (const reader of readers) {
      const truth = await truthFor(database.store, reader.subject, 0n);
      await until(() => expect(reader.got).toEqual(truth));
      await reader.disconnect();
    }
  });

  test("show passing text at the other one between the events that it came between", async () => {
    const [, other] = tails.map(listenToAll);
    await write(0, "agent:one");
    tails[0].publishDelta(text("a"));
    tails[0].publishDelta(text("a"));
    await until(() => expect(other?.order).toEqual([1n, "a", "a"])); // out of date once the next event is known
    await write(0, "agent:one");
    tails[0].publishDelta(text("b"));
    await until(() => expect(other?.order).toEqual([1n, "a", "a", 2n, "b"]));
  });

  test("show passing text of any length and in any letters", async () => {
    const [, other] = tails.map(listenToAll);
    const long = `${"ä𝄞\u0000\n".repeat(20_000)}\ud800`;
    tails[0].publishDelta(text(long));
    await until(() => expect(other?.order).toEqual([long]));
  });

  test("hear of what a gateway committed that died before it told anybody", async () => {
    const heard = tails.map(listenToAll);
    await append(committerOver(database.store, createMemoryTail()), [event("agent:one")], false);
    await until(() => expect(heard.map(({ order }) => order)).toEqual([[1n], [1n]]));
  });

  test("miss no event when their connections break, and show passing text again afterwards", async () => {
    const [, other] = tails.map(listenToAll);
    await write(0, "agent:one");
    await until(() => expect(other?.order).toEqual([1n]));
    const broken = await listening(database);
    await database.store.$queryRawUnsafe(`SELECT ${broken.map((pid) => `pg_terminate_backend(${pid})`).join(", ")}`);
    await write(0, "agent:one");
    await until(() => expect(other?.order).toEqual([1n, 2n]));
    const again = () => {
      tails[0].publishDelta(text("again")); // lost until both are connected
      expect(other?.order).toContain("again");
    };
    await until(again);
    expect(broken).toHaveLength(2);
  });
});

/** Also on a machine that has much else to do. */
const until = (holds: () => void) => vi.waitFor(holds, { timeout: 10_000, interval: 5 });

/** Everything that a tail announces. */
function listenToAll(tail: Tail) {
  const events: LogEvent[] = [];
  const order: unknown[] = [];
  tail.subscribe("*", {
    event: (one) => void (events.push(one), order.push(one.id)),
    delta: ({ delta }) => void order.push(delta["text"]),
  });
  return { events, order };
}

/** The connections that listen for notices. */
async function listening({ store }: TestStore): Promise<readonly number[]> {
  const rows = await store.$queryRawUnsafe<{ pid: number }[]>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%notices'`,
  );
  return rows.map(({ pid }) => pid);
}

const fail = (error: unknown): never => {
  throw error;
};
