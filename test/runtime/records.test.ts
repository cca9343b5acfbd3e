import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Records, VolumeRecord } from "../../src/runtime/process/records.ts";

test("drafts that a killed process left are swept, those being written stay", async () => {
  const folder = await mkdtemp(join(tmpdir(), "raworc-records-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [left, fresh] = [".0b6a0f3e-0000-4000-8000-000000000001", ".0b6a0f3e-0000-4000-8000-000000000002"];
  for (const draft of [left, fresh]) await writeFile(join(folder, draft), '{"labels":');
  await utimes(join(folder, left), 0, 0);
  const records = new Records(folder, VolumeRecord);
  await records.write("kept", { labels: { of: "a" } });

  expect(await records.all()).toEqual([["kept", { labels: { of: "a" } }]]);
  expect((await readdir(folder)).toSorted()).toEqual([fresh, "kept.json"]);
});
