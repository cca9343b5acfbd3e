import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { type PrivateEngine, startPrivateEngine } from "./private-engine.ts";
import { openEngineDirectly, openTestRuntime, removeComputer, run, startComputer, testImage } from "./world.ts";

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

describe("the default image, where no registry can be reached", () => {
  let engine: PrivateEngine;
  let runtime: Runtime;
  let computer = "";
  const progress: string[] = [];
  beforeAll(async () => {
    engine = await startPrivateEngine();
    runtime = openTestRuntime({ dockerHost: engine.dockerHost, offline: false });
    const first = runtime.ensureImage(testImage, (line) => progress.push(line));
    await Promise.all([first, runtime.ensureImage(testImage), runtime.ensureImage(testImage)]);
    computer = await startComputer(runtime);
  }, 180_000);
  afterAll(async () => {
    await runtime.close();
    await engine.stop();
  }, 60_000);

  const idOf = async (image: string) => (await openEngineDirectly(engine.dockerHost).getImage(image).inspect()).Id;

  test("is made of this host's files, once for all who wait, and says why", async () => {
    expect(progress.filter((line) => line.includes("of this host's files"))).toHaveLength(1);
    expect(progress.join("\n")).toMatch(/pulling debian:bookworm-slim[^]*because Docker could not pull image/);
    expect(await openEngineDirectly(engine.dockerHost).listImages()).toHaveLength(1);
  });

  test("is not made again while its recipe is the same", async () => {
    const before = await idOf(testImage);
    const lines: string[] = [];
    await openTestRuntime({ dockerHost: engine.dockerHost }).ensureImage(testImage, (line) => lines.push(line));
    expect(await idOf(testImage)).toBe(before);
    expect(lines).toEqual([]);
  });

  test("is made again where it was built by another recipe", async () => {
    const name = "raworc-test/older:1";
    await tagWith(name, "LABEL raworc.recipe=older");
    const before = await idOf(name);
    const other = openTestRuntime({ dockerHost: engine.dockerHost, image: name });
    await other.ensureImage(name);
    await other.close();
    expect(await idOf(name)).not.toBe(before);
  });

  test("is left alone where an operator put an image of their own under its name", async () => {
    const name = "raworc-test/own:1";
    await tagWith(name, "USER 1000");
    const before = await idOf(name);
    const other = openTestRuntime({ dockerHost: engine.dockerHost, image: name });
    await other.ensureImage(name);
    await other.close();
    expect(await idOf(name)).toBe(before);
  });

  /** An image of nothing but a setting. */
  async function tagWith(name: string, changes: string): Promise<void> {
    const [repo, tag] = name.split(":");
    const emptyTar = Buffer.alloc(1024);
    const direct = openEngineDirectly(engine.dockerHost);
    const stream = await direct.importImage(Readable.from([emptyTar]), { repo, tag, changes });
    for await (const _line of stream);
  }

  test.each([
    ["bash", "bash -c 'echo ${BASH_VERSION%%.*}'", /^\d+\n$/],
    ["node", "node -p 'process.version + require(\"node:crypto\").randomUUID().length'", /^v\d+\.\d+\.\d+36\n$/],
    [
      "python3 with its library",
      "python3 -c 'import ssl, sqlite3, json, ctypes, lzma, venv; print(ssl.OPENSSL_VERSION)'",
      /^OpenSSL/,
    ],
    ["curl with certificates", "curl --version | head -n 1; ls /etc/ssl/certs/ca-certificates.crt", /^curl [^]*crt\n$/],
    [
      "the usual tools",
      "printf 'b\\na\\n' | sort | sed s/a/x/ | awk '{print NR $1}' | grep x | tar -cf - -T /dev/null | wc -c",
      /^\d+\n$/,
    ],
    ["names of its user", "id -un; echo ~", /^agent\n\/agent\n$/],
  ])("has %s, as uid 1000 on a read-only root", async (_what, script, expected) => {
    const ran = await run(runtime, computer, script);
    expect(ran).toMatchObject({ exitCode: 0, stdout: matching(expected), stderr: "" });
  });

  test("has a git that commits, clones and has submodules", async () => {
    const script = `
      set -e
      export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      cd /tmp; git init -q one; cd one; echo text > file; git add file; git commit -qm first; cd ..
      git clone -q one two; git clone -q file:///tmp/one three; cat two/file three/file
      cd two; git -c protocol.file.allow=always submodule --quiet add file:///tmp/one sub; cat sub/file
      git ls-remote https://127.0.0.1:1/x 2>&1 | grep -o 'unable to access'`;
    expect((await run(runtime, computer, script)).stdout).toBe("text\ntext\ntext\nunable to access\n");
  });

  test("an image that is neither here nor to be had is said so, with a way out", async () => {
    const missing = runtime.ensureImage("example.invalid/nothing:1");
    await expect(missing).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: matching(/load it into/),
    });
  });

  test("any image with a shell does for a computer, though it has no /agent of its own", async () => {
    const direct = openEngineDirectly(engine.dockerHost);
    const base = await direct.createContainer({
      Image: testImage,
      User: "0:0",
      WorkingDir: "/",
      Cmd: ["rmdir", "/agent"],
    });
    await base.start();
    await base.wait();
    const rootfs = await base.export();
    const image = "raworc-test/foreign:1";
    for await (const _line of await direct.importImage(rootfs, { repo: "raworc-test/foreign", tag: "1" }));
    await base.remove();
    const foreign = await startComputer(runtime, { image });
    expect((await run(runtime, foreign, "echo x > /agent/x; stat -c %u /agent")).stdout).toBe("1000\n");
    await removeComputer(runtime, foreign);
  });
});
