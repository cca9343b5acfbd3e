// A gateway's store in a process of its own: prints the name of every space it was told is stored. Several write at once,
// each of them a pair in one transaction.
import { randomUUID } from "node:crypto";
import { openStore } from "../../src/store/open.ts";

const [databaseUrl = "", dataDir = ""] = process.argv.slice(2);
const { store } = await openStore({ databaseUrl, dataDir });
const at = new Date();
const writers = Array.from({ length: 8 }, async () => {
  for (;;) {
    const names = [randomUUID(), randomUUID()];
    await store.transact(async (tx) => {
      for (const [place, name] of names.entries()) {
        await tx.space.create({ data: { name, description: names[1 - place] ?? "", createdAt: at, updatedAt: at } });
      }
    });
    process.stdout.write(`${names.join("\n")}\n`);
  }
});
await Promise.all(writers);
