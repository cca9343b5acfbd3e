import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestStore, type TestStore } from "../support/store.ts";
import { onEveryDatabase } from "./databases.ts";
import { computer, space } from "./rows.ts";

/** A promise that somebody else fulfils: `opened` waits, `open()` lets go. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

const outcomeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => "done",
    () => "refused",
  );

onEveryDatabase("transactions", (provider) => {
  let database: TestStore;
  beforeEach(async () => {
    database = await openTestStore(provider);
  });
  afterEach(() => database.close());

  test("a write made while somebody else's transaction is open survives when that one rolls back", async () => {
    const { store } = database;
    const [begun, mayFail] = [gate(), gate()];
    const failing = store.transact(async (transaction) => {
      await transaction.space.create({ data: space("theirs") });
      begun.open();
      await mayFail.opened;
      throw new Error("they change their mind");
    });
    await begun.opened;

    const mine = store.space.create({ data: space("mine") }).then(({ name }) => name);
    const updated = store.space.updateMany({ where: { name: "mine" }, data: { description: "kept" } });
    await store.space.count(); // gives a writer that does not wait the time to slip into their transaction
    mayFail.open();

    await expect(failing).rejects.toThrow("they change their mind");
    expect(await mine).toBe("mine");
    await updated;
    expect((await store.space.findMany()).map(({ name }) => name)).toEqual(["mine"]);
  });

  test("a reader never sees what a transaction has not committed, and does not wait for it", async () => {
    const { store } = database;
    await store.space.create({ data: space("before") });
    await store.transact(async (transaction) => {
      await transaction.space.create({ data: space("inside") });
      await transaction.space.update({ where: { name: "before" }, data: { description: "changed" } });

      expect(await transaction.space.count()).toBe(2);
      expect(await store.space.findMany({ select: { name: true, description: true } })).toEqual([
        { name: "before", description: null },
      ]);
    });
    expect(await store.space.count()).toBe(2);
  });

  test("of many who make the same conditional change at once, exactly one is told that it happened", async () => {
    const { store } = database;
    const { id } = await store.computer.create({ data: computer() });
    const claim = (leaseOwner: string) =>
      store.computer.updateMany({
        where: { id, leaseOwner: null },
        data: { leaseOwner, epoch: { increment: 1 } },
      });

    const claims = await Promise.all(Array.from({ length: 20 }, (_, at) => claim(`replica ${at}`)));

    expect(claims.map(({ count }) => count).filter((count) => count > 0)).toEqual([1]);
    expect(await store.computer.findUniqueOrThrow({ where: { id } })).toMatchObject({ epoch: 1 });
  });

  test("transactions that begin at the same time all take place, each in whole", async () => {
    const { store } = database;
    await store.stream.create({ data: { name: "head", seq: 0 } });
    const numbers = await Promise.all(
      Array.from({ length: 20 }, () =>
        store.transact(async (transaction) => {
          const { seq } = await transaction.stream.update({ where: { name: "head" }, data: { seq: { increment: 1 } } });
          await transaction.space.create({ data: space(`space ${seq}`) });
          return Number(seq);
        }),
      ),
    );
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(await store.space.count()).toBe(20);
  });

  test("a batch of which one write fails leaves nothing behind", async () => {
    const { store } = database;
    const batch = [store.space.create({ data: space("first") }), store.space.create({ data: space("first") })];
    await expect(store.$transaction(batch)).rejects.toMatchObject({ code: "P2002" });
    expect(await store.space.count()).toBe(0);
  });

  test("a transaction that takes too long ends without its writes and lets the others go on", async () => {
    const { store } = database;
    const begun = gate();
    const slow = store.transact(
      async (transaction) => {
        await transaction.space.create({ data: space("slow") });
        begun.open();
        for (;;) await transaction.space.count(); // until it is refused
      },
      { timeLimitMs: 50 },
    );
    const refusal = slow.catch(({ code }: { code: string }) => code); // of Prisma's known errors
    await begun.opened;
    await store.space.create({ data: space("next") });

    expect(await refusal).toMatch(/P2028|P1018/);
    expect((await store.space.findMany()).map(({ name }) => name)).toEqual(["next"]);
  });

  test("what a failed transaction left under way is refused, and disturbs none of those after it", async () => {
    const { store } = database;
    await store.space.create({ data: space("seen") });
    const leftOver: Promise<unknown>[] = [];
    const failing = (number: number) =>
      store.transact(async (transaction) => {
        const others = Array.from({ length: 4 }, async (_, at) => {
          for (let step = 0; step <= at; step++) await transaction.space.findUnique({ where: { name: "seen" } });
          return transaction.space.create({ data: space(`left over ${number}.${at}`) });
        });
        leftOver.push(...others);
        await Promise.all([...others, Promise.reject(new Error("one fails first"))]);
      });
    const good = (number: number) =>
      store.transact(async (transaction) => {
        const seen = await transaction.space.findUnique({ where: { name: "seen" } });
        await transaction.space.create({ data: space(`good ${number}`) });
        return seen?.name;
      });

    const numbers = Array.from({ length: 20 }, (_, number) => number);
    const failed = numbers.map((number) => failing(number).catch(({ message }: Error) => message));
    const made = numbers.map(good); // each waits behind the failing ones, or between them
    expect(new Set(await Promise.all(failed))).toEqual(new Set(["one fails first"]));
    expect(new Set(await Promise.all(made))).toEqual(new Set(["seen"]));
    await Promise.allSettled(leftOver);

    const names = (await store.space.findMany({ orderBy: { name: "asc" } })).map(({ name }) => name);
    expect(names).toEqual([...numbers.map((number) => `good ${number}`), "seen"].toSorted());
  });

  test("what runs on after its transaction has ended writes nothing, and reads nothing of the next one", async () => {
    const { store } = database;
    const [ended, begun, mayEnd] = [gate(), gate(), gate()];
    let late: Promise<unknown> = Promise.resolve();
    await store.transact(async (transaction) => {
      late = ended.opened.then(async () => [
        await outcomeOf(transaction.space.create({ data: space("late") })),
        await outcomeOf(transaction.space.count()),
        await outcomeOf(transaction.space.updateMany({ data: { description: "late" } })),
      ]);
    });
    const next = store.transact(async (transaction) => {
      await transaction.space.create({ data: space("next") });
      begun.open();
      await mayEnd.opened;
    });
    await begun.opened;
    ended.open();
    expect(await late).toEqual(["refused", "refused", "refused"]);
    mayEnd.open();
    await next;
    expect(await store.space.findMany({ select: { name: true, description: true } })).toEqual([
      { name: "next", description: null },
    ]);
  });
});
