import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { gatewayCommand } from "../../scripts/gateway-command.cjs";

const root = dirname(dirname(import.meta.dirname));
const folder = mkdtempSync(join(tmpdir(), "raworc-launcher-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("an image's launcher runs what is built, from any folder, with settings that the operator's own go before", () => {
  const launcher = execFileSync(process.execPath, [join(root, "scripts/launcher.cjs")], { encoding: "utf8" });
  const file = join(folder, "launcher");
  writeFileSync(file, launcher);
  const env = { PATH: process.env["PATH"] };
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const run = (script: string, given = {}) =>
    execFileSync("sh", [script, "--version"], { cwd: "/", env: { ...env, ...given }, encoding: "utf8" });
  expect(run(file)).toBe(`${version}\n`);

  writeFileSync(file, launcher.replace(/^exec .*/m, "env"));
  expect(run(file)).toContain(`MALLOC_TRIM_THRESHOLD_=${gatewayCommand.env["MALLOC_TRIM_THRESHOLD_"]}\n`);
  expect(run(file, { MALLOC_TRIM_THRESHOLD_: "1" })).toContain("MALLOC_TRIM_THRESHOLD_=1\n");
});
