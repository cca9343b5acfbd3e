import { expect, test, vi } from "vitest";
import { createClaimsFirst } from "../../src/domain/responses/claims-first.ts";

test("work on what was claimed begins at once where nothing else is being claimed", async () => {
  const claims = createClaimsFirst();
  await claims.claim(async () => undefined);
  expect(await claims.over()).toBeUndefined();
});

test("work waits until the last of those that are being claimed is, whether it could be or not", async () => {
  const claims = createClaimsFirst();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done: string[] = [];
  const claiming = claims.claim(() => first.promise).then(() => done.push("first"));
  const failing = claims
    .claim(async () => {
      await second.promise;
      throw new Error("no claim");
    })
    .catch(() => done.push("second"));
  const over = [1, 2].map(() => claims.over().then(() => done.push("over")));
  first.resolve();
  await claiming;
  second.resolve();
  await Promise.all([failing, ...over]);
  expect(done.toSorted()).toEqual(["first", "over", "over", "second"]);
  expect(done[0]).toBe("first");
  await claims.over();
});

test("claims that never end hold work up for 100 ms", async () => {
  vi.useFakeTimers();
  try {
    const claims = createClaimsFirst();
    void claims.claim(() => new Promise(() => undefined));
    const seen: string[] = [];
    const over = claims.over().then(() => seen.push("over"));
    await vi.advanceTimersByTimeAsync(99);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await over;
  } finally {
    vi.useRealTimers();
  }
});
