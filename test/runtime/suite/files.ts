import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type OpenRuntime, type RuntimeCapabilities, bytes, refusal, run, textOf, useWorld } from "./world.ts";

/** Files below `/agent`. `.` is the folder itself. */
export function describeFiles(open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe("files", () => {
    const world = useWorld(open, capabilities);
    const files = () => world.runtime.files;
    let container = "";
    beforeAll(async () => {
      container = await world.newRunning();
    }, 60_000);

    test("what is written can be read, also in folders that were missing", async () => {
      await files().write(container, "a/b c/ü.txt", bytes("héllo\n"));
      expect(textOf(await files().read(container, "a/b c/ü.txt", 100))).toBe("héllo\n");
    });

    test("a command sees what was written, and a reader what a command wrote", async () => {
      await files().write(container, "seen/in.txt", bytes("in"));
      expect((await run(world.runtime, container, ["cat", "seen/in.txt"])).stdout).toBe("in");
      await run(world.runtime, container, "printf out > seen/out.txt");
      expect(textOf(await files().read(container, "seen/out.txt", 100))).toBe("out");
    });

    test("every byte survives, in names that look like options and in big files", async () => {
      const content = randomBytes(3_000_000);
      await files().write(container, "-rf/--help", content);
      const read = await files().read(container, "-rf/--help", content.length);
      expect(Buffer.compare(read, content)).toBe(0);
    });

    test("an empty file is a file", async () => {
      await files().write(container, "empty", new Uint8Array());
      expect(await files().read(container, "empty", 0)).toHaveLength(0);
      expect(await files().stat(container, "empty")).toMatchObject({ kind: "file", size: 0 });
    });

    test("a write replaces the whole file and leaves nothing beside it", async () => {
      await files().write(container, "once/file", bytes("a long first text"));
      await files().write(container, "once/file", bytes("short"));
      expect(textOf(await files().read(container, "once/file", 100))).toBe("short");
      expect((await files().list(container, "once")).map(({ name }) => name)).toEqual(["file"]);
    });

    test("a reader beside a writer sees the old or the new text whole", async () => {
      const texts = ["a", "b", "c", "d", "e", "f"].map((letter) => bytes(letter.repeat(3_000_000)));
      const isWhole = (read: Uint8Array) => texts.some((text) => Buffer.compare(text, read) === 0);
      await files().write(container, "race", texts[0] ?? new Uint8Array());
      const writer = { isBusy: true };
      const writing = (async () => {
        for (const text of texts) await files().write(container, "race", text);
        writer.isBusy = false;
      })();
      while (writer.isBusy) expect(isWhole(await files().read(container, "race", 3_000_000))).toBe(true);
      await writing;
    });

    test("a list tells name, kind, size, mode and time of every entry", async () => {
      await run(world.runtime, container, "mkdir -p listed/folder; printf 12345 > listed/file; ln -s file listed/link");
      await run(world.runtime, container, "chmod 0640 listed/file");
      const entries = await files().list(container, "listed");
      const byName = entries.toSorted((one, other) => one.name.localeCompare(other.name));
      expect(byName).toMatchObject([
        { name: "file", kind: "file", size: 5, mode: "0640" },
        { name: "folder", kind: "directory" },
        { name: "link", kind: "symlink" },
      ]);
      for (const { mtime, mode } of entries) {
        expect(mtime).toBeInstanceOf(Date);
        expect(mode).toMatch(/^[0-7]{4}$/);
      }
    });

    test("names with spaces, quotes and line breaks are listed as they are", async () => {
      const names = ["a b", "it's", 'say "hi"', "two\nlines", "tab\there", "*", "$HOME"];
      for (const name of names) await files().write(container, `odd/${name}`, bytes(name));
      const listed = (await files().list(container, "odd")).map(({ name }) => name);
      expect(listed.toSorted()).toEqual(names.toSorted());
    });

    test("links that stay inside are followed", async () => {
      await files().write(container, "inner/real", bytes("real"));
      await run(world.runtime, container, "ln -s real inner/link; ln -s inner innerlink");
      expect(textOf(await files().read(container, "inner/link", 100))).toBe("real");
      expect(textOf(await files().read(container, "innerlink/real", 100))).toBe("real");
    });

    test("removing takes a file, or a folder with all that is in it", async () => {
      await files().write(container, "gone/deep/file", bytes("x"));
      await files().write(container, "gone/other", bytes("x"));
      await files().remove(container, "gone/other");
      expect((await files().list(container, "gone")).map(({ name }) => name)).toEqual(["deep"]);
      await files().remove(container, "gone");
      await expect(files().stat(container, "gone")).rejects.toMatchObject(refusal("NOT_FOUND"));
    });

    test("what is missing is NOT_FOUND", async () => {
      for (const attempt of [
        () => files().read(container, "no/such", 10),
        () => files().stat(container, "no-such"),
        () => files().list(container, "no-such"),
        () => files().remove(container, "no-such"),
      ]) {
        await expect(attempt()).rejects.toMatchObject(refusal("NOT_FOUND"));
      }
    });

    test("a file longer than asked for is PAYLOAD_TOO_LARGE; one just as long is read", async () => {
      await files().write(container, "ten", bytes("0123456789"));
      await expect(files().read(container, "ten", 9)).rejects.toMatchObject(refusal("PAYLOAD_TOO_LARGE"));
      expect(await files().read(container, "ten", 10)).toHaveLength(10);
    });

    test("a folder where a file is meant, and a file where a folder is meant, is BAD_USER_INPUT", async () => {
      await files().write(container, "kinds/file", bytes("x"));
      for (const attempt of [
        () => files().read(container, "kinds", 10),
        () => files().write(container, "kinds", bytes("x")),
        () => files().write(container, "kinds/file/below", bytes("x")),
        () => files().list(container, "kinds/file"),
      ]) {
        await expect(attempt()).rejects.toMatchObject(refusal("BAD_USER_INPUT"));
      }
      expect(textOf(await files().read(container, "kinds/file", 10))).toBe("x");
    });

    test("a device or pipe is no file to read, and nobody waits for it", async () => {
      const made = await run(world.runtime, container, "mkfifo pipe");
      if (made.exitCode !== 0) return;
      await expect(files().read(container, "pipe", 10)).rejects.toMatchObject(refusal("BAD_USER_INPUT"));
    });

    test.each(["", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "a\0b"])(
      "the path %j is BAD_USER_INPUT for every call",
      async (path) => {
        for (const attempt of [
          () => files().list(container, path),
          () => files().stat(container, path),
          () => files().read(container, path, 10),
          () => files().write(container, path, bytes("x")),
          () => files().remove(container, path),
        ]) {
          await expect(attempt()).rejects.toMatchObject(refusal("BAD_USER_INPUT"));
        }
      },
    );

    test("the folder itself can be listed, not written and not removed", async () => {
      await files().write(container, "top", bytes("x"));
      expect((await files().list(container, ".")).map(({ name }) => name)).toContain("top");
      await expect(files().write(container, ".", bytes("x"))).rejects.toMatchObject(refusal("BAD_USER_INPUT"));
      await expect(files().remove(container, ".")).rejects.toMatchObject(refusal("BAD_USER_INPUT"));
    });

    test("links that lead outside are BAD_USER_INPUT, for files and for folders on the way", async () => {
      await run(
        world.runtime,
        container,
        "ln -s /etc/passwd away; ln -s / root; ln -s ../../.. up; ln -s /tmp/new dangling",
      );
      for (const attempt of [
        () => files().read(container, "away", 1_000_000),
        () => files().read(container, "root/etc/passwd", 1_000_000),
        () => files().list(container, "root"),
        () => files().list(container, "up"),
        () => files().write(container, "root/tmp/escaped", bytes("x")),
        () => files().write(container, "dangling", bytes("x")),
        () => files().remove(container, "root/tmp"),
      ]) {
        await expect(attempt()).rejects.toMatchObject(refusal("BAD_USER_INPUT"));
      }
    });

    test("files of a container that is gone are NOT_FOUND", async () => {
      await expect(files().list(world.newName(), ".")).rejects.toMatchObject(refusal("NOT_FOUND"));
      await expect(files().read(world.newName(), "x", 1)).rejects.toMatchObject(refusal("NOT_FOUND"));
      await expect(files().write(world.newName(), "x", bytes("x"))).rejects.toMatchObject(refusal("NOT_FOUND"));
    });
  });
}
