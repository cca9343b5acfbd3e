import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "@langchain/langgraph-api/server";

// LangGraph's development server with its store in files of its own, and as many workers as its command starts.
const probe = createServer();
const port = await new Promise<number>((resolve) => {
  probe.listen(0, "127.0.0.1", () => resolve((probe.address() as { port: number }).port));
});
await new Promise((resolve) => probe.close(resolve));

const cwd = await mkdtemp(join(tmpdir(), "raworc-bench-langgraph-"));
const graphs = { answer: `${fileURLToPath(new URL("langgraph-graph.ts", import.meta.url))}:graph` };
await startServer({ cwd, host: "127.0.0.1", port, nWorkers: 10, graphs });
process.stdout.write(`listens on http://127.0.0.1:${port}\n`);
process.on("SIGTERM", () => {
  rmSync(cwd, { recursive: true, force: true });
  process.exit();
});
