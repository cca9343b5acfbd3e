import { pino } from "pino";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";

/** A gateway process of its own for tests that kill it: `DATA_DIR DEPLOYMENT CONTAINER USE_SANDBOX SCRIPT`. */
const [dataDir = "", deployment = "", container = "", useSandbox = "", script = ""] = process.argv.slice(2);
const log = pino({ level: "silent" });
const runtime = createProcessRuntime({ dataDir, deployment, log, useSandbox: useSandbox === "true" });
await runtime.exec(container, {
  argv: ["sh", "-c", script],
  timeoutMs: 60_000,
  onOutput: (chunk) => void process.stdout.write(chunk),
});
