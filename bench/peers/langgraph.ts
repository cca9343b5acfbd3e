import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@langchain/langgraph-api/server";

// LangGraph's development server with its store in files of its own; threads need no graph.
const probe = createServer();
const port = await new Promise<number>((resolve) => {
  probe.listen(0, "127.0.0.1", () => resolve((probe.address() as { port: number }).port));
});
await new Promise((resolve) => probe.close(resolve));

const cwd = await mkdtemp(join(tmpdir(), "raworc-bench-langgraph-"));
await startServer({ cwd, host: "127.0.0.1", port, nWorkers: 1, graphs: {} });
process.stdout.write(`listens on http://127.0.0.1:${port}\n`);
process.on("SIGTERM", () => {
  rmSync(cwd, { recursive: true, force: true });
  process.exit();
});
