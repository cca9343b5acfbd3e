import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { buildCommandOf, moduleFiles } from "../../src/domain/builds/build-command.ts";
import { readManifest } from "../../src/domain/builds/manifest.ts";

const root = await mkdtemp(join(tmpdir(), "raworc-manifest-"));
afterAll(() => rm(root, { recursive: true, force: true }));

let folders = 0;
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(root, String((folders += 1)));
  await mkdir(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}
const manifestOf = async (said: unknown, files: Readonly<Record<string, string>> = { "main.py": "" }) =>
  readManifest(await folderOf({ ...files, "raworc.json": typeof said === "string" ? said : JSON.stringify(said) }));
const commandOf = async (files: Readonly<Record<string, string>>, said: object = {}) => {
  const folder = await folderOf({ ...files, "raworc.json": JSON.stringify(said) });
  return buildCommandOf(folder, await readManifest(folder));
};

describe("what a repository says of its agent", () => {
  test("is taken as it is; other keys are passed over", async () => {
    const said = { description: "Counts", purpose: "count things", capabilities: ["count", "add"] };
    const code = { runtime: "node", handler: "src/index.answer", build_command: "make" };
    expect(await manifestOf({ ...said, ...code, version: 3, anything: { else: true } })).toEqual({
      ...said,
      runtime: "node",
      handler: "src/index.answer",
      buildCommand: "make",
    });
  });

  test.each([
    ["package.json", { "package.json": "{}" }, "node", "index.processMessage"],
    ["package.json beside Python", { "package.json": "{}", "tool.py": "" }, "node", "index.processMessage"],
    ["a Python module", { "main.py": "" }, "python3", "main.process_message"],
    ["requirements.txt", { "requirements.txt": "" }, "python3", "main.process_message"],
    ["index.js", { "index.js": "" }, "node", "index.processMessage"],
  ])("is guessed by %s where it says nothing", async (_by, files, runtime, handler) => {
    const guessed = { runtime, handler, buildCommand: null, description: null, purpose: null, capabilities: [] };
    expect(await readManifest(await folderOf(files))).toEqual(guessed);
    expect(await manifestOf({ runtime: null, handler: null, build_command: " " }, files)).toEqual(guessed);
  });

  test("must name the runtime where nothing tells it", async () => {
    await expect(readManifest(await folderOf({ "README.md": "" }))).rejects.toThrow(/name it in raworc\.json/);
  });

  test.each([
    [{ runtime: "ruby" }, 'raworc.json: "runtime" must be python3 or node'],
    [{ runtime: 3 }, 'raworc.json: "runtime" must be python3 or node'],
    [{ handler: "main" }, 'raworc.json: "handler" must be a module and a function'],
    [{ handler: "../main.answer" }, 'raworc.json: "handler" must be a module and a function'],
    [{ handler: "a/../../main.answer" }, 'raworc.json: "handler" must be a module and a function'],
    [{ handler: "/etc/main.answer" }, 'raworc.json: "handler" must be a module and a function'],
    [{ handler: "main.answer; rm -rf /" }, 'raworc.json: "handler" must be a module and a function'],
    [{ handler: `${"a".repeat(200)}.b` }, 'raworc.json: "handler" must have at most 200 letters'],
    [{ build_command: ["make"] }, 'raworc.json: "build_command" must be text'],
    [{ build_command: "a\0b" }, 'raworc.json: "build_command" must be text of at most 10000 letters, without NUL'],
    [{ description: "x".repeat(10_001) }, 'raworc.json: "description" must be text of at most 10000'],
    [{ purpose: "\ud800" }, 'raworc.json: "purpose" must be text'],
    [{ capabilities: "all" }, 'raworc.json: "capabilities" must be a list of texts'],
    [{ capabilities: [1] }, 'raworc.json: "capabilities.0" must be text'],
    [[], "raworc.json must be a JSON object"],
    ["{", "raworc.json is no JSON"],
    [" ".repeat(70_000), "raworc.json must be a file of at most 65536 bytes"],
  ])("is refused as %j, naming the field", async (said, words) => {
    await expect(manifestOf(said)).rejects.toThrow(words);
  });

  test("is a file and no link", async () => {
    const folder = await folderOf({ "main.py": "", "other.json": "{}" });
    await symlink("other.json", join(folder, "raworc.json"));
    await expect(readManifest(folder)).rejects.toThrow("must be a file");
  });
});

describe("what makes an agent ready", () => {
  test.each([
    ["its own command, whatever it declares", { "requirements.txt": "" }, { build_command: "make" }, "make"],
    ["pip, for requirements", { "requirements.txt": "" }, {}, "python3 -m pip install -r requirements.txt --target ."],
    ["npm ci, for a lock file", { "package.json": "{}", "package-lock.json": "{}" }, {}, "npm ci --omit=dev"],
    [
      "npm install, for dependencies",
      { "package.json": `{"dependencies": {"a": "1"}}` },
      {},
      "npm install --omit=dev --no-package-lock",
    ],
    ["nothing, for none", { "package.json": `{"dependencies": {}, "devDependencies": {"a": "1"}}` }, {}, null],
    ["nothing, for what cannot be read", { "package.json": "{" }, {}, null],
    ["nothing, for modules alone", { "main.py": "" }, {}, null],
  ])("is %s", async (_what, files: Record<string, string>, said, command) => {
    expect(await commandOf(files, said)).toBe(command);
  });

  test("is followed by a look for the handler's module", () => {
    expect(moduleFiles({ runtime: "python3", handler: "pkg.main.answer" })).toEqual(
      expect.arrayContaining(["pkg/main.py", "pkg/main/__init__.py"]),
    );
    expect(moduleFiles({ runtime: "node", handler: "dist/index.answer" })).toContain("dist/index.js");
  });
});
