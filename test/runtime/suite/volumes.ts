import { describe, expect, test } from "vitest";
import { type OpenRuntime, type RuntimeCapabilities, bytes, refusal, textOf, useWorld } from "./world.ts";

/** Volumes: kept, copied in parts, removed. */
export function describeVolumes(open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe("volumes", () => {
    const world = useWorld(open, capabilities);
    const files = () => world.runtime.files;
    const namesIn = async (container: string, path: string) =>
      (await files().list(container, path)).map(({ name }) => name).toSorted();

    /** A running container with code (one file executable, one folder deep) and content. */
    async function newSource() {
      const volume = await world.newVolume();
      const container = await world.newRunning({ volume });
      await files().write(container, "code/main.py", bytes("print(1)"));
      await files().write(container, "code/lib/deep.py", bytes("deep"));
      await files().write(container, "content/page.html", bytes("<p>"));
      await files().write(container, "note.txt", bytes("note"));
      return { volume, container };
    }

    async function newTarget() {
      const volume = await world.newVolume();
      return { volume, container: await world.newRunning({ volume }) };
    }

    test("making a volume again keeps what is in it", async () => {
      const { volume, container } = await newSource();
      await world.runtime.ensureVolume(volume, world.labels());
      expect(textOf(await files().read(container, "note.txt", 100))).toBe("note");
    });

    test.each([
      { parts: { code: true, content: false }, expected: ["code"], file: "code/lib/deep.py", text: "deep" },
      { parts: { code: false, content: true }, expected: ["content", "note.txt"], file: "note.txt", text: "note" },
      {
        parts: { code: true, content: true },
        expected: ["code", "content", "note.txt"],
        file: "note.txt",
        text: "note",
      },
    ])("a copy with $parts takes exactly $expected", async ({ parts, expected, file, text }) => {
      const [source, target] = [await newSource(), await newTarget()];
      await world.runtime.copyVolume(source.volume, target.volume, parts);
      expect(await namesIn(target.container, ".")).toEqual(expected);
      expect(textOf(await files().read(target.container, file, 100))).toBe(text);
    });

    test("a copy replaces what an earlier, broken copy left", async () => {
      const [source, target] = [await newSource(), await newTarget()];
      await files().write(target.container, "code/main.py", bytes("pri"));
      await files().write(target.container, "code/half-written.tmp", bytes("x"));
      await world.runtime.copyVolume(source.volume, target.volume, { code: true, content: true });
      await world.runtime.copyVolume(source.volume, target.volume, { code: true, content: true });
      expect(await namesIn(target.container, "code")).toEqual(["lib", "main.py"]);
      expect(textOf(await files().read(target.container, "code/main.py", 100))).toBe("print(1)");
    });

    test("a copy leaves its source as it was, and later changes stay apart", async () => {
      const [source, target] = [await newSource(), await newTarget()];
      await world.runtime.copyVolume(source.volume, target.volume, { code: true, content: true });
      await files().write(target.container, "note.txt", bytes("changed"));
      expect(await namesIn(source.container, ".")).toEqual(["code", "content", "note.txt"]);
      expect(textOf(await files().read(source.container, "note.txt", 100))).toBe("note");
    });

    test("a copy of nothing is an empty volume, not an error", async () => {
      const target = await newTarget();
      await world.runtime.copyVolume(await world.newVolume(), target.volume, { code: true, content: true });
      expect(await namesIn(target.container, ".")).toEqual([]);
    });

    test("copying from a volume that does not exist is NOT_FOUND, and makes none", async () => {
      const [missing, target] = [world.newName(), await newTarget()];
      const copy = world.runtime.copyVolume(missing, target.volume, { code: true, content: true });
      await expect(copy).rejects.toMatchObject(refusal("NOT_FOUND"));
      expect((await world.runtime.list()).volumes.map(({ name }) => name)).not.toContain(missing);
    });

    test("a removed volume is gone; removing it again is done already", async () => {
      const volume = await world.newVolume();
      await world.runtime.removeVolume(volume);
      await world.runtime.removeVolume(volume);
      expect((await world.runtime.list()).volumes.map(({ name }) => name)).not.toContain(volume);
    });
  });
}
