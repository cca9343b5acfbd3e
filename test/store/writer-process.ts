// A gateway's store in a process of its own: prints the name of every space it was told is stored.
import { randomUUID } from "node:crypto";
import { openStore } from "../../src/store/open.ts";

const [databaseUrl = "", dataDir = ""] = process.argv.slice(2);
const { store } = await openStore({ databaseUrl, dataDir });
for (;;) {
  const at = new Date();
  const { name } = await store.space.create({ data: { name: randomUUID(), createdAt: at, updatedAt: at } });
  process.stdout.write(`${name}\n`);
}
