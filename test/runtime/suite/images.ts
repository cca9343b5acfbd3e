import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ImageSpec, Runtime } from "../../../src/runtime/runtime.ts";
import { type OpenRuntime, refusal, run, type RuntimeCapabilities, testWith, useWorld } from "./world.ts";

/** Images: made of folders and commands, read by computers, changed by none. */
export function describeImages(open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe("images", () => {
    const world = useWorld(open, capabilities);
    const made = new Set<string>();
    const folders = new Set<string>();
    afterAll(async () => {
      for (const name of made) await world.runtime.images.remove(name).catch(() => undefined);
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    });

    const specOf = (changes: Partial<ImageSpec> = {}): ImageSpec => {
      const name = `raworc_space_test:build-${randomUUID()}`;
      made.add(name);
      const limits = { memoryBytes: 256 * 1_048_576, cpus: 1, pids: 64 };
      const usual = { base: capabilities.image, labels: { "raworc.build": name }, maxBytes: 64 * 1_048_576 };
      return { name, network: "NONE", limits, ...usual, ...changes };
    };

    /** A folder of this host with a file, a program, a folder and a link. */
    async function newFolder(): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), "raworc-image-"));
      folders.add(folder);
      await writeFile(join(folder, "main.txt"), "from the repository\n");
      await writeFile(join(folder, "empty.txt"), "");
      await writeFile(join(folder, "tool.sh"), "echo made > built.txt\n");
      await chmod(join(folder, "tool.sh"), 0o755);
      await mkdir(join(folder, "lib"));
      await writeFile(join(folder, "lib", "deep.txt"), "deep\n");
      await symlink("main.txt", join(folder, "link.txt"));
      return folder;
    }

    const runInDraft = async (draft: Awaited<ReturnType<Runtime["images"]["open"]>>, script: string) => {
      let output = "";
      const onOutput = (chunk: Uint8Array) => void (output += Buffer.from(chunk).toString());
      const argv = ["sh", "-c", script];
      return { ...(await draft.run({ argv, timeoutMs: 20_000, onOutput })), output };
    };

    async function newImage(script = "cd demo && sh tool.sh"): Promise<string> {
      const spec = specOf();
      const draft = await world.runtime.images.open(spec);
      await draft.addFolder(await newFolder(), "demo");
      expect(await runInDraft(draft, script)).toMatchObject({ end: "exited", exitCode: 0 });
      await draft.commit();
      await draft.discard();
      return spec.name;
    }

    const namesOf = async () => (await world.runtime.images.list()).map(({ name }) => name);
    const place = "${RAWORC_AGENTS:-/opt/raworc/agents}/demo";

    test("a computer made from one finds what was put in and what commands left", async () => {
      const image = await newImage();
      await world.runtime.ensureImage(image);
      const container = await world.newRunning({ image });
      const { stdout } = await run(
        world.runtime,
        container,
        `cd "${place}" && cat main.txt lib/deep.txt built.txt link.txt && wc -c < empty.txt | tr -d ' '`,
      );
      expect(stdout).toBe("from the repository\ndeep\nmade\nfrom the repository\n0\n");
      await world.runtime.removeContainer(container);
    });

    testWith(capabilities.processes)("a computer made from one cannot change it", async () => {
      const image = await newImage();
      const container = await world.newRunning({ image });
      const script = `cd "${place}" && { echo x > main.txt; echo x > new.txt; rm -f built.txt; }; cat main.txt; ls`;
      const { stdout } = await run(world.runtime, container, script);
      if (process.getuid?.() !== 0 || !capabilities.deployment.includes("plain")) {
        expect(stdout).toBe("from the repository\nbuilt.txt\nempty.txt\nlib\nlink.txt\nmain.txt\ntool.sh\n");
      }
      await world.runtime.removeContainer(container);
    });

    test("commands see what was put in, and what they print is passed on", async () => {
      const draft = await world.runtime.images.open(specOf());
      await draft.addFolder(await newFolder(), "one");
      await draft.addFolder(await newFolder(), "two");
      expect(await runInDraft(draft, "cat one/main.txt two/main.txt; exit 3")).toEqual({
        end: "exited",
        exitCode: 3,
        output: "from the repository\nfrom the repository\n",
      });
      await expect(draft.addFolder(await newFolder(), "three")).rejects.toMatchObject(refusal("CONFLICT"));
      await draft.discard();
    });

    test("a command ends with its time limit", async () => {
      const draft = await world.runtime.images.open(specOf());
      expect((await draft.run({ argv: ["sleep", "60"], timeoutMs: 200 })).end).toBe("timedOut");
      await draft.discard();
    });

    testWith(capabilities.processes)("what a failed command left can be removed by the next", async () => {
      const draft = await world.runtime.images.open(specOf());
      await draft.addFolder(await newFolder(), "bad");
      await runInDraft(draft, "mkdir bad/left && echo x > bad/left/x && exit 1");
      expect(await runInDraft(draft, "rm -rf bad && ls")).toMatchObject({ exitCode: 0, output: "" });
      await draft.discard();
    });

    test("a discarded draft leaves nothing, and no image of its name", async () => {
      const spec = specOf();
      const draft = await world.runtime.images.open(spec);
      await draft.addFolder(await newFolder(), "demo");
      await runInDraft(draft, "true");
      expect(await namesOf()).toContain(spec.name);
      await draft.discard();
      await draft.discard();
      expect(await namesOf()).not.toContain(spec.name);
    });

    test("beginning again replaces what was begun", async () => {
      const spec = specOf();
      const first = await world.runtime.images.open(spec);
      await first.addFolder(await newFolder(), "first");
      await runInDraft(first, "true");
      const second = await world.runtime.images.open(spec);
      await second.addFolder(await newFolder(), "second");
      expect((await runInDraft(second, "ls")).output).toBe("second\n");
      await second.commit();
      await second.discard();
      expect(await namesOf()).toContain(spec.name);
    });

    test("one that takes more than it may is refused", async () => {
      const spec = specOf({ maxBytes: 10 });
      const draft = await world.runtime.images.open(spec);
      await draft.addFolder(await newFolder(), "demo");
      await runInDraft(draft, "true");
      await expect(draft.commit()).rejects.toMatchObject(refusal("PAYLOAD_TOO_LARGE"));
      await draft.discard();
    });

    test("it is listed with its labels, and removed once no computer is made from it", async () => {
      const image = await newImage();
      const listed = (await world.runtime.images.list()).find(({ name }) => name === image);
      expect(listed?.labels).toMatchObject({ "raworc.build": image });
      const container = await world.newRunning({ image });
      await expect(world.runtime.images.remove(image)).rejects.toMatchObject(refusal("CONFLICT"));
      await world.runtime.removeContainer(container);
      await world.runtime.images.remove(image);
      await world.runtime.images.remove(image);
      expect(await namesOf()).not.toContain(image);
    });

    testWith(capabilities.processes)(
      "one that is gone is said to be gone, and never looked for elsewhere",
      async () => {
        const missing = world.runtime.ensureImage(`raworc_space_test:build-${randomUUID()}`);
        await expect(missing).rejects.toMatchObject(refusal("NOT_FOUND"));
      },
    );

    test("a draft is no computer", async () => {
      const before = (await world.runtime.list()).containers.length;
      const draft = await world.runtime.images.open(specOf());
      await runInDraft(draft, "true");
      expect((await world.runtime.list()).containers).toHaveLength(before);
      await draft.discard();
    });
  });
}
