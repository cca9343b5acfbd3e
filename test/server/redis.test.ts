import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { startGateway } from "../../src/start.ts";

test.each([
  ["says once, without its value, that REDIS_URL is not used", { REDIS_URL: "redis://:hidden@127.0.0.1" }, 1],
  ["says nothing of Redis where it is not set", {}, 0],
])("the start %s", async (_promise, environment, times) => {
  const folder = await mkdtemp(join(tmpdir(), "raworc-redis-"));
  const lines: string[] = [];
  const config = readConfig({ ...environment, PORT: "0", RAWORC_DATA_DIR: folder, RAWORC_RUNTIME: "memory" });
  const log = createLog(config, { write: (line: string) => void lines.push(line) });
  const running = await startGateway(config, log);
  await running.stop();
  await rm(folder, { recursive: true });
  expect(lines.filter((line) => line.includes("REDIS_URL is not used"))).toHaveLength(times);
  expect(lines.join("")).not.toContain("hidden");
});
