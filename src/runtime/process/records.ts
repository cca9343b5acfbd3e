import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { badInput, unavailable } from "../../errors.ts";

const Labels = z.record(z.string(), z.string());

/** What is kept of a volume; its files are in a folder of its own. */
export const VolumeRecord = z.object({ labels: Labels });
export type VolumeRecord = z.output<typeof VolumeRecord>;

/** What is kept of an image; its files are in a folder of its own. */
export const ImageRecord = z.object({ name: z.string(), labels: Labels, finished: z.boolean() });
export type ImageRecord = z.output<typeof ImageRecord>;

/** What is kept of a container: the right to run commands on a volume, and the main process, where it has one. */
export const ContainerRecord = z.object({
  volume: z.string(),
  command: z.array(z.string()).nullable().default(null),
  /** The image, where it was built here: no other has files of its own. */
  image: z.string().nullable().default(null),
  network: z.enum(["NONE", "EGRESS"]),
  labels: Labels,
  status: z.enum(["created", "running", "paused", "stopped"]),
  startedAt: z.coerce.date().nullable(),
  exitCode: z.number().nullable(),
});
export type ContainerRecord = z.output<typeof ContainerRecord>;

/** Names become file names here, so they are checked although the gateway makes them itself. */
export function checkedName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/.test(name)) return name;
  throw badInput("name", `"${name}" is no name for a container or volume`);
}

const draftName = /^\.[0-9a-f-]{36}$/;
const longestWriteMs = 60_000;

/** A folder of small JSON files, one for each name; nothing is cached, so two processes may share it. */
export class Records<Value> {
  readonly #folder: string;
  readonly #schema: z.ZodType<Value>;

  constructor(folder: string, schema: z.ZodType<Value>) {
    this.#folder = folder;
    this.#schema = schema;
  }

  async read(name: string): Promise<Value | null> {
    const path = this.#path(name);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw unavailable(`The state of "${name}" cannot be read`, error);
    });
    if (text === null) return null;
    try {
      return this.#schema.parse(JSON.parse(text));
    } catch (error) {
      throw unavailable(`The state of "${name}" cannot be read`, error);
    }
  }

  /** Replaces the file at once: after a crash it holds the old or the new value. */
  async write(name: string, value: Value): Promise<void> {
    const [path, draft] = [this.#path(name), join(this.#folder, `.${randomUUID()}`)];
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(draft, JSON.stringify(value), { mode: 0o600, flush: true });
      await rename(draft, path);
    } catch (error) {
      throw unavailable(`The state of "${name}" cannot be written`, error);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  /** Also removes what a process left that was killed while it wrote. */
  async all(): Promise<readonly (readonly [name: string, value: Value])[]> {
    const files = await readdir(this.#folder).catch(() => []);
    await Promise.all(files.filter((file) => draftName.test(file)).map((file) => this.#removeOld(file)));
    const names = files.filter((file) => /^[^.].*\.json$/.test(file)).map((file) => file.slice(0, -".json".length));
    const read = await Promise.all(names.map(async (name) => [name, await this.read(name)] as const));
    return read.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  }

  /** A young draft may be another process's, which is about to name it. */
  async #removeOld(draft: string): Promise<void> {
    const path = join(this.#folder, draft);
    const found = await stat(path).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > longestWriteMs) await rm(path, { force: true });
  }

  #path(name: string): string {
    return join(this.#folder, `${checkedName(name)}.json`);
  }
}
