import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ReconcileQueue, type Reconciler, type ReconcileResult, type Run } from "../../src/reconcile/queue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A reconciler whose runs end when the test says so. */
function createRoom(concurrency = 1) {
  const begun: string[] = [];
  const open = new Map<string, PromiseWithResolvers<ReconcileResult>>();
  const wentOn: string[] = [];
  const errors: unknown[] = [];
  const runs = new Map<string, Run>();
  const reconciler: Reconciler = {
    name: "room",
    concurrency,
    wants: () => null,
    keys: async () => [],
    reconcile: (key, its) => {
      if (open.has(key)) throw new Error(`two runs of "${key}" at once`);
      begun.push(key);
      runs.set(key, its);
      const run = Promise.withResolvers<ReconcileResult>();
      open.set(key, run);
      return run.promise;
    },
  };
  const queue = new ReconcileQueue(reconciler, (error) => errors.push(error));
  const close = async (key: string, how: (run: PromiseWithResolvers<ReconcileResult>) => void) => {
    const run = open.get(key);
    open.delete(key);
    if (run) how(run);
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    queue,
    begun,
    errors,
    end: (key: string, result: ReconcileResult = {}) => close(key, (run) => run.resolve(result)),
    fail: (key: string) => close(key, (run) => run.reject(new Error("no"))),
    again: (key: string) => runs.get(key)?.again(),
    /** Lets a run step aside; call the answer to let it return, and hear when it goes on. */
    aside: (key: string) => {
      const work = Promise.withResolvers<void>();
      const back = runs.get(key)?.aside(() => work.promise);
      void back?.then(() => wentOn.push(key));
      return async () => {
        work.resolve();
        await vi.advanceTimersByTimeAsync(0);
      };
    },
    wentOn,
  };
}

/** A reconciler with room for one, whose runs all fail at what they do aside. */
function createFailingRoom() {
  const begun: string[] = [];
  const errors: string[] = [];
  const reconciler: Reconciler = {
    name: "room",
    concurrency: 1,
    wants: () => null,
    keys: async () => [],
    reconcile: async (key, { aside }) => {
      begun.push(key);
      return aside(() => Promise.reject(new Error(`${key} was no good`)));
    },
  };
  const queue = new ReconcileQueue(reconciler, (error) => errors.push((error as Error).message));
  return { queue, begun, errors };
}

describe("the queue of a reconciler", () => {
  test("runs keys in the order asked, no more at once than allowed", async () => {
    const { queue, begun, end } = createRoom(2);
    for (const key of ["a", "b", "c", "d"]) queue.enqueue(key);
    expect(begun).toEqual(["a", "b"]);
    await end("b");
    expect(begun).toEqual(["a", "b", "c"]);
    await end("a");
    expect(begun).toEqual(["a", "b", "c", "d"]);
  });

  test("never runs a key twice at once; one asked for meanwhile runs once more, however often it was asked", async () => {
    const { queue, begun, end } = createRoom(5);
    for (let times = 0; times < 5; times++) queue.enqueue("a");
    expect(begun).toEqual(["a"]);
    await end("a");
    expect(begun).toEqual(["a", "a"]);
    await end("a");
    expect(begun).toEqual(["a", "a"]);
    expect(queue.isQuiet).toBe(true);
  });

  test("lets a run ask for another of itself at once", async () => {
    const { queue, begun, end, again } = createRoom();
    queue.enqueue("a");
    again("a");
    await end("a");
    expect(begun).toEqual(["a", "a"]);
  });

  test("lets others run while a run does something long aside, which goes on as soon as there is room", async () => {
    const { queue, begun, end, aside, wentOn } = createRoom(2);
    for (const key of ["a", "b", "c", "d", "e", "f"]) queue.enqueue(key);
    const returnA = aside("a");
    const returnB = aside("b");
    expect(begun).toEqual(["a", "b", "c", "d"]);
    await returnB();
    await returnA();
    expect(wentOn).toEqual([]);
    await end("c");
    expect(wentOn).toEqual(["b"]);
    await end("d");
    expect(wentOn).toEqual(["b", "a"]);
    expect(begun).toEqual(["a", "b", "c", "d"]);
    await end("a");
    expect(begun).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("never runs a key twice at once, and is not quiet, while a run of it is aside", async () => {
    const { queue, begun, end, aside } = createRoom();
    queue.enqueue("a");
    const goBack = aside("a");
    queue.enqueue("a");
    expect(begun).toEqual(["a"]);
    expect(queue.isQuiet).toBe(false);
    await goBack();
    await end("a");
    expect(begun).toEqual(["a", "a"]);
  });

  test("gives a run that failed aside its room back, and what it failed with", async () => {
    const { queue, begun, errors } = createFailingRoom();
    queue.enqueue("a");
    queue.enqueue("b");
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toEqual(["a", "b"]);
    expect(errors).toEqual(["a was no good", "b was no good"]);
  });

  test("runs again after the time that a run says, and sooner when asked", async () => {
    const { queue, begun, end } = createRoom();
    queue.enqueue("a");
    await end("a", { againAfterMs: 1000 });
    await vi.advanceTimersByTimeAsync(999);
    expect(begun).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toEqual(["a", "a"]);
    await end("a", { againAfterMs: 1000 });
    queue.enqueue("a");
    expect(begun).toHaveLength(3);
    await end("a");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(begun).toHaveLength(3);
  });

  test("repeats what failed with a delay that grows to half a minute, and begins anew after a success", async () => {
    const { queue, begun, fail, end, errors } = createRoom();
    queue.enqueue("a");
    for (const delayMs of [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]) {
      const runs = begun.length;
      await fail("a");
      await vi.advanceTimersByTimeAsync(delayMs - 1);
      expect(begun).toHaveLength(runs);
      await vi.advanceTimersByTimeAsync(1);
      expect(begun).toHaveLength(runs + 1);
    }
    expect(errors).toHaveLength(10);
    await end("a");
    queue.enqueue("a");
    const runs = begun.length;
    await fail("a");
    await vi.advanceTimersByTimeAsync(200);
    expect(begun).toHaveLength(runs + 1);
  });

  test("a failing key does not keep the others waiting", async () => {
    const { queue, begun, fail } = createRoom();
    queue.enqueue("bad");
    queue.enqueue("good");
    await fail("bad");
    expect(begun).toEqual(["bad", "good"]);
  });

  test("waits longer than a timer can, without running at once", async () => {
    const { queue, begun, end } = createRoom();
    queue.enqueue("a");
    await end("a", { againAfterMs: 40 * 86_400_000 });
    await vi.advanceTimersByTimeAsync(20 * 86_400_000);
    expect(begun).toEqual(["a"]);
  });

  test("is quiet when nothing is ready or running", async () => {
    const { queue, end } = createRoom();
    await queue.quiet();
    queue.enqueue("a");
    let quiet = false;
    const waiting = queue.quiet().then(() => (quiet = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(quiet).toBe(false);
    await end("a", { againAfterMs: 5000 });
    await waiting;
  });

  test("that is stopped waits for what runs and takes nothing more", async () => {
    const { queue, begun, end } = createRoom();
    queue.enqueue("a");
    queue.enqueue("b");
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    queue.enqueue("c");
    await vi.advanceTimersByTimeAsync(0);
    expect(stopped).toBe(false);
    await end("a", { againAfterMs: 10 });
    await stopping;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(begun).toEqual(["a"]);
  });
});
