import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, constants } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { buildClientSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayCommand } from "../../scripts/gateway-command.cjs";
import { type GatewayProcess, makeDataDir, startGatewayProcess } from "../support/gateway-process.ts";
import { type ModelServer, say, startModelServer } from "../support/model-server.ts";
import { askAndWait, createAgent, modelEnvironment } from "./world.ts";

describe("the program as it is built", () => {
  let model: ModelServer;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    model = await startModelServer(say("thought"));
    gateway = await startGatewayProcess({ env: { RAWORC_RUNTIME: "process", ...modelEnvironment(model) } });
  });
  afterAll(async () => {
    await gateway.stop();
    await model[Symbol.asyncDispose]();
  });
  const page = async (path: string) => {
    const answer = await fetch(`${gateway.url}${path}`, { headers: { accept: "text/html" } });
    return { status: answer.status, body: await answer.text() };
  };

  test("has the schema that schema.graphql shows", async () => {
    const schema = buildClientSchema(await gateway.ask(getIntrospectionQuery({ specifiedByUrl: true })));
    expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toBe(await readFile("schema.graphql", "utf8"));
  });

  test("finds what it loads when it is first asked: runtimes, engines and pages", async () => {
    await createAgent(gateway, "shell");
    await createAgent(gateway, "thinker", { engine: "MODEL" });
    expect(await askAndWait(gateway, "shell", "echo done")).toBe("done\n");
    expect(await askAndWait(gateway, "thinker", "think")).toBe("thought");
    expect(await page("/graphql")).toEqual({ status: 200, body: expect.stringContaining("GraphiQL") });
    expect(await page("/api/v0/docs/static/index.html")).toEqual({
      status: 200,
      body: expect.stringContaining("swagger-ui"),
    });
  });

  const oneProcessor = process.platform !== "linux" || availableParallelism() === 1;
  test.skipIf(oneProcessor)("hashes passwords on threads that let requests go first", async () => {
    const [priorityOf, folder] = [/\) \S+(?: -?\d+){15} (-?\d+) /, `/proc/${gateway.pid}/task`];
    const threads = await Promise.all((await readdir(folder)).map((id) => readFile(`${folder}/${id}/stat`, "utf8")));
    const priorities = (name: string) =>
      threads.filter((stat) => stat.includes(`(${name})`)).map((stat) => Number(priorityOf.exec(stat)?.[1]));
    expect(new Set(priorities("libuv-worker"))).toEqual(new Set([constants.priority.PRIORITY_LOW]));
    expect(priorities("MainThread")).toEqual([constants.priority.PRIORITY_NORMAL]);
  });

  test("names the lines of its own source when it fails", async () => {
    const folder = await makeDataDir();
    const broken = join(folder, "broken.cjs");
    await writeFile(broken, `require("crypto").randomUUID = () => { throw new Error("broken on purpose"); };`);
    const given = { PORT: "0", RAWORC_DATA_DIR: folder, RAWORC_MASTER_KEY: Buffer.alloc(32).toString("base64") };
    const env = { ...process.env, ...gatewayCommand.env, ...given, RAWORC_RUNTIME: "memory" };
    const args = ["--require", broken, ...gatewayCommand.args];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    const [printed] = await Promise.all([text(child.stderr), once(child, "close")]);
    await rm(folder, { recursive: true });
    expect(printed).toContain("broken on purpose");
    const [, line] = /src\/start\.ts:(\d+):\d+/.exec(printed) ?? [];
    const source = (await readFile("src/start.ts", "utf8")).split("\n");
    expect(source[Number(line) - 1]).toContain("replicaId: randomUUID()");
  });
});
