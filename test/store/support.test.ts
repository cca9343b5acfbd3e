import { expect, test } from "vitest";
import { openTestStore } from "../support/store.ts";
import { onEveryDatabase } from "./databases.ts";

onEveryDatabase("a test's own database", (provider) => {
  test("starts empty, sees nothing of its neighbours and can be emptied", async () => {
    const [mine, other] = await Promise.all([openTestStore(provider), openTestStore(provider)]);
    const at = new Date();
    await mine.store.space.create({ data: { name: "default", createdAt: at, updatedAt: at } });
    expect(await other.store.space.count()).toBe(0);

    await mine.reset();

    expect(await mine.store.space.count()).toBe(0);
    await Promise.all([mine.close(), other.close()]);
  });
});
