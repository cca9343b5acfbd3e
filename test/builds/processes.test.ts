import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, describe, expect, test } from "vitest";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import { startTestGateway } from "../support/gateway.ts";
import { makeRepositories, nodeAgent, pythonAgent } from "./repository.ts";
import { addAgent, buildsOf, logOf } from "./support.ts";

const repositories = makeRepositories();
const dataDir = mkdtempSync(join(tmpdir(), "raworc-processes-"));
const runtime = createProcessRuntime({ dataDir, deployment: "builds", log: pino({ level: "silent" }) });
const world = await startTestGateway({ runtime, env: { ...repositories.env, RAWORC_GIT_MAX_MB: "5" } });
const { gateway } = world;
afterAll(async () => {
  await world.stop();
  await runtime.close();
  repositories.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

const wheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    archive.writestr("greeting.py", "WORD = 'hello'\\n")
    archive.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n")
    archive.writestr("greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    archive.writestr("greeting-1.0.dist-info/RECORD", "greeting.py,,\\ngreeting-1.0.dist-info/METADATA,,\\n")
`;

/** Runs a script in a computer that is made from an image. */
async function runIn(image: string, script: string): Promise<string> {
  const name = `computer-${gateway.newId()}`;
  const limits = { memoryBytes: 268_435_456, cpus: 1, pids: 64 };
  await runtime.ensureVolume(name, {});
  await runtime.ensureContainer({ name, image, volume: name, network: "NONE", limits, labels: {} });
  await runtime.ensureRunning(name);
  let output = "";
  const onOutput = (chunk: Uint8Array) => void (output += Buffer.from(chunk).toString());
  await runtime.exec(name, { argv: ["sh", "-c", script], timeoutMs: 20_000, onOutput });
  await runtime.removeContainer(name);
  await runtime.removeVolume(name);
  return output;
}

const callPython = `cd "$RAWORC_AGENTS/python" && python3 -c 'import main; print(main.process_message("x", {}))'`;
const callNode = `cd "$RAWORC_AGENTS/node" && node -p 'require("./index.js").processMessage("x")'`;

describe("agents where computers are local processes", () => {
  test("are built with what they declare, for Python and for Node", { timeout: 60_000 }, async () => {
    mkdirSync(join(repositories.folder, "o/python/vendor"), { recursive: true });
    const file = join(repositories.folder, "o/python/vendor/greeting-1.0-py3-none-any.whl");
    execFileSync("python3", ["-c", wheel, file]);
    repositories.commit("o/python", {
      "requirements.txt": "./vendor/greeting-1.0-py3-none-any.whl\n",
      "main.py": "import greeting\ndef process_message(message, context):\n    return greeting.WORD + ' ' + message\n",
    });
    repositories.commit("o/node", {
      "package.json": JSON.stringify({ name: "a", version: "1.0.0", dependencies: { dep: "file:./vendor/dep" } }),
      "vendor/dep/package.json": JSON.stringify({ name: "dep", version: "1.0.0" }),
      "vendor/dep/index.js": "module.exports = 'good day';",
      "index.js": "exports.processMessage = (message) => require('dep') + ' ' + message;",
    });
    await addAgent(gateway, { name: "python", sourceRepo: "o/python" });
    await addAgent(gateway, { name: "node", sourceRepo: "o/node" });
    await world.settle();
    const [build] = await buildsOf(gateway);
    const log = await logOf(gateway, build?.id ?? "");
    expect({ status: build?.status, log }).toMatchObject({ status: "COMPLETED" });
    expect(log).toContain("[python] $ python3 -m pip install -r requirements.txt --target .");
    expect(log).toContain("[node] $ npm install --omit=dev");
    expect(await runIn(build?.image ?? "", callPython)).toBe("hello x\n");
    expect(await runIn(build?.image ?? "", callNode)).toBe("good day x\n");
  });

  test("are built by a command of their own, which finds no secrets and not the gateway's files", async () => {
    await world.data(`mutation { setSecret(input: { space: "default", key: "PLANTED", value: "s3cret" }) { key } }`);
    await world.data(`mutation { createSpace(input: { name: "own" }) { name } }`);
    const build_command = "env > env.txt; echo 'exports.processMessage = () => \"built\";' > index.js";
    repositories.commit("o/own", { ...pythonAgent, "raworc.json": JSON.stringify({ runtime: "node", build_command }) });
    await addAgent(gateway, { spaceName: "own", name: "node", sourceRepo: "o/own" });
    await world.settle();
    const [build] = await buildsOf(gateway, "own");
    expect(build).toMatchObject({ status: "COMPLETED" });
    expect(await runIn(build?.image ?? "", callNode)).toBe("built\n");
    const environment = await runIn(build?.image ?? "", `cat "$RAWORC_AGENTS/node/env.txt"`);
    expect(environment).toContain("CI=true");
    expect(environment).not.toMatch(/PLANTED|s3cret|RAWORC_GIT|DATABASE_URL/);
  });

  test("leave nothing on this host but the image", async () => {
    repositories.commit("o/tidy", nodeAgent);
    await world.data(`mutation { createSpace(input: { name: "tidy" }) { name } }`);
    await addAgent(gateway, { spaceName: "tidy", name: "tidy", sourceRepo: "o/tidy" });
    await world.settle();
    const [build] = await buildsOf(gateway, "tidy");
    expect((await readdir(join(dataDir, "images"))).filter((name) => name.includes("tidy"))).toEqual([
      build?.image?.replace(":", "."),
    ]);
    expect(await readdir(join(world.config.dataDir, "builds")).catch(() => [])).toEqual([]);
  });
});
