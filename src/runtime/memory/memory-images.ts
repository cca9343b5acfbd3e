import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { IFileSystem } from "just-bash";
import { conflict, GatewayError } from "../../errors.ts";
import { builtImagePrefix, goneImage, imageFolder } from "../paths.ts";
import type { ImageDraft, ImageSpec, Labels, RuntimeImages } from "../runtime.ts";
import type { RuntimeMethod } from "./controls.ts";
import type { MemoryCommands } from "./memory-commands.ts";
import { copyTree, createMemoryVolume, type MemoryVolume } from "./memory-volume.ts";

/** What images need of the runtime they belong to. */
export interface MemoryImagesNeeds {
  readonly commands: MemoryCommands;
  pass(method: RuntimeMethod): Promise<void>;
  /** Whether a container is made from the image. */
  isUsed(image: string): boolean;
  ours(labels: Labels): Labels;
}

interface MemoryImage {
  readonly machine: MemoryVolume;
  readonly finished: boolean;
}

/** Images as simulated machines; what is built into one is copied into the computers made from it. */
export class MemoryImages implements RuntimeImages {
  readonly #needs: MemoryImagesNeeds;
  readonly #images = new Map<string, MemoryImage>();

  constructor(needs: MemoryImagesNeeds) {
    this.#needs = needs;
  }

  async open(spec: ImageSpec): Promise<ImageDraft> {
    await this.#needs.pass("images.open");
    this.#remove(spec.name);
    const machine = await createMemoryVolume(this.#needs.ours(spec.labels));
    await machine.bash.fs.mkdir(imageFolder, { recursive: true });
    this.#images.set(spec.name, { machine, finished: false });
    return this.#draftOf(spec, machine);
  }

  async list() {
    await this.#needs.pass("images.list");
    return [...this.#images].map(
      ([
        name,
        {
          machine: { labels },
        },
      ]) => ({ name, labels }),
    );
  }

  async remove(name: string): Promise<void> {
    await this.#needs.pass("images.remove");
    this.#remove(name);
  }

  /** Copies what was built into an image; nothing for an image that was not made here. */
  async copyInto(image: string, volume: MemoryVolume): Promise<void> {
    const made = this.#images.get(image);
    const [source, target] = [made?.machine.bash.fs, volume.bash.fs];
    if (!made?.finished || !source) return;
    await target.rm(imageFolder, { recursive: true, force: true });
    await target.mkdir(imageFolder.slice(0, imageFolder.lastIndexOf("/")), { recursive: true });
    await copyTree(source, target, imageFolder);
  }

  /** A copy of a finished image; `null` when there is none. */
  async copyOf(name: string): Promise<MemoryVolume | null> {
    const made = this.#images.get(name);
    if (!made?.finished) return null;
    const copy = await createMemoryVolume(made.machine.labels);
    await copy.bash.fs.mkdir(imageFolder.slice(0, imageFolder.lastIndexOf("/")), { recursive: true });
    await copyTree(made.machine.bash.fs, copy.bash.fs, imageFolder);
    return copy;
  }

  add(name: string, machine: MemoryVolume): void {
    this.#images.set(name, { machine, finished: true });
  }

  /** @throws NOT_FOUND for one that was made here and is no more; of any other there is nothing to get. */
  checkThere(name: string): void {
    if (name.startsWith(builtImagePrefix) && !this.#images.get(name)?.finished) throw goneImage(name);
  }

  #remove(name: string): void {
    if (this.#needs.isUsed(name)) throw conflict(`Image "${name}" is in use`);
    this.#needs.commands.lose(draftOf(name));
    this.#images.delete(name);
  }

  #draftOf({ name, maxBytes }: ImageSpec, machine: MemoryVolume): ImageDraft {
    const { commands } = this.#needs;
    const pass = (method: RuntimeMethod) => this.#needs.pass(method);
    let started = false;
    return {
      addFolder: async (folder, below) => {
        await pass("images.addFolder");
        if (started) throw conflict(`Image "${name}" takes no more folders: a command has run in it`);
        await read(machine.bash.fs, folder, `${imageFolder}/${below}`);
      },
      run: async (command) => {
        await pass("images.run");
        started = true;
        return commands.run(draftOf(name), machine, { ...command, cwd: command.cwd ?? imageFolder });
      },
      commit: async () => {
        await pass("images.commit");
        if ((await sizeOf(machine.bash.fs, imageFolder)) > maxBytes) {
          throw new GatewayError("PAYLOAD_TOO_LARGE", `What was built takes more than ${maxBytes} bytes`);
        }
        this.#images.set(name, { machine, finished: true });
      },
      discard: async () => {
        if (!this.#images.get(name)?.finished) this.#remove(name);
      },
    };
  }
}

const draftOf = (image: string) => `draft ${image}`;

async function read(fs: IFileSystem, path: string, place: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) await fs.symlink(await readlink(path), place);
  if (stats.isFile()) {
    await fs.writeFile(place, await readFile(path));
    await fs.chmod(place, stats.mode & 0o777);
  }
  if (!stats.isDirectory()) return;
  await fs.mkdir(place, { recursive: true });
  for (const name of await readdir(path)) await read(fs, join(path, name), `${place}/${name}`);
}

async function sizeOf(fs: IFileSystem, path: string): Promise<number> {
  let bytes = 0;
  for (const name of await fs.readdir(path)) {
    const place = `${path}/${name}`;
    const stats = await fs.lstat(place);
    bytes += stats.isDirectory ? await sizeOf(fs, place) : stats.size;
  }
  return bytes;
}
