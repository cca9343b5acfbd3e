import { join } from "node:path";
import pino from "pino";
import { readConfig } from "../../src/config.ts";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import { startGateway } from "../../src/start.ts";

/**
 * The gateway with plain processes as computers, as it is where bubblewrap is not installed. Bubblewrap ends what
 * runs in it together with the gateway; plain processes go on, so there the gateway itself must see to their end.
 */
const config = readConfig(process.env);
const log = pino({ level: config.logLevel });
const dataDir = join(config.dataDir, "computers");
const runtime = createProcessRuntime({ dataDir, deployment: "crash", log, useSandbox: false });
const { url } = await startGateway(config, log, { runtime });
process.stdout.write(`listens on ${url}\n`);
