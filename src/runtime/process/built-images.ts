import { chmod, lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { conflict, GatewayError, unavailable } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import { goneImage, imageFolder } from "../paths.ts";
import type { ExecCommand, ExecResult, ImageDraft, ImageSpec, Labels, RuntimeImages } from "../runtime.ts";
import type { Commands } from "./commands.ts";
import { checkedName, type ContainerRecord, ImageRecord, Records } from "./records.ts";
import { copyTree, removeTree } from "./volumes.ts";

/** Where a command of a draft runs. */
export interface DraftPlace {
  readonly container: string;
  readonly folder: string;
  readonly home: string;
  readonly network: ImageSpec["network"];
}

/** What images need of the runtime they belong to. */
export interface ImagesNeeds {
  readonly folder: string;
  readonly deployment: string;
  readonly records: Records<ImageRecord>;
  run(place: DraftPlace, command: ExecCommand): Promise<ExecResult>;
  stop(container: string): Promise<void>;
  /** Whether a container is made from the image. */
  isUsed(image: string): Promise<boolean>;
}

/** Images as folders. The record is written first and removed last, so no folder is ever without one. */
export class BuiltImages implements RuntimeImages {
  readonly #needs: ImagesNeeds;

  constructor(needs: ImagesNeeds) {
    this.#needs = needs;
  }

  /** The folder of an image; @throws {GatewayError} NOT_FOUND for one that is gone. */
  async folderOf(image: string): Promise<string> {
    const record = await this.#needs.records.read(fileNameOf(image));
    if (!record?.finished) throw goneImage(image);
    return this.#path(image);
  }

  async open(spec: ImageSpec): Promise<ImageDraft> {
    await this.remove(spec.name);
    const labels: Labels = { [deploymentLabel]: this.#needs.deployment, ...spec.labels };
    await this.#write({ name: spec.name, labels, finished: false });
    await this.#orUnavailable(spec.name, async () => {
      for (const folder of [this.#path(spec.name), this.#home(spec.name)]) {
        await mkdir(folder, { recursive: true, mode: 0o755 });
      }
    });
    return this.#draftOf(spec, labels);
  }

  async list() {
    const all = await this.#needs.records.all();
    return all
      .map(([, { name, labels }]) => ({ name, labels }))
      .filter(({ labels }) => labels[deploymentLabel] === this.#needs.deployment);
  }

  async remove(name: string): Promise<void> {
    if (await this.#needs.isUsed(name)) throw conflict(`Image "${name}" is in use`);
    await this.#needs.stop(draftOf(name));
    await this.#orUnavailable(name, async () => {
      for (const folder of [this.#path(name), this.#home(name)]) await removeTree(folder);
    });
    await this.#needs.records.remove(fileNameOf(name));
  }

  #draftOf(spec: ImageSpec, labels: Labels): ImageDraft {
    const { name, network, maxBytes } = spec;
    const [folder, home] = [this.#path(name), this.#home(name)];
    let started = false;
    return {
      addFolder: async (from, below) => {
        if (started) throw conflict(`Image "${name}" takes no more folders: a command has run in it`);
        await this.#orUnavailable(name, () => copyTree(from, join(folder, checkedName(below))));
      },
      run: (command) => {
        started = true;
        return this.#needs.run({ container: draftOf(name), folder, home, network }, command);
      },
      commit: async () => {
        await this.#needs.stop(draftOf(name));
        const bytes = await this.#orUnavailable(name, () => seal(folder));
        if (bytes > maxBytes) {
          throw new GatewayError("PAYLOAD_TOO_LARGE", `What was built takes more than ${maxBytes} bytes`);
        }
        await this.#write({ name, labels, finished: true });
      },
      discard: async () => {
        const record = await this.#needs.records.read(fileNameOf(name));
        if (record?.finished) await this.#orUnavailable(name, () => removeTree(home));
        else await this.remove(name);
      },
    };
  }

  async #orUnavailable<T>(name: string, work: () => Promise<T>): Promise<T> {
    return work().catch((error: unknown) => {
      throw unavailable(`The files of image "${name}" cannot be changed now`, error);
    });
  }

  readonly #write = (record: ImageRecord) => this.#needs.records.write(fileNameOf(record.name), record);
  readonly #path = (name: string) => join(this.#needs.folder, fileNameOf(name));
  readonly #home = (name: string) => `${this.#path(name)}.home`;
}

/** The images of a runtime that runs these commands and keeps these containers. */
export const openImages = (
  dataDir: string,
  deployment: string,
  commands: Commands,
  containers: Records<ContainerRecord>,
): BuiltImages =>
  new BuiltImages({
    folder: join(dataDir, "images"),
    deployment,
    records: new Records(join(dataDir, "image-records"), ImageRecord),
    run: ({ container, folder, home, network }, command) => {
      const place = { container, network, volumeFolder: home, image: { folder, isWritable: true } };
      return commands.run(place, { ...command, cwd: command.cwd ?? imageFolder }, async () => undefined);
    },
    stop: (container) => commands.stop(container),
    isUsed: async (name) => (await containers.all()).some(([, { image }]) => image === name),
  });

/** The commands of a draft are found by this, as those of a computer by its container. */
const draftOf = (image: string) => `draft.${fileNameOf(image)}`;

/** Names of spaces and builds have no dot. */
const fileNameOf = (image: string) => checkedName(image.replace(/[:/]/g, "."));

/** Takes the right to write from everything below a folder; says how much it holds. Never follows a link. */
async function seal(path: string): Promise<number> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return 0;
  let bytes = stats.isFile() ? stats.size : 0;
  if (stats.isDirectory()) for (const name of await readdir(path)) bytes += await seal(join(path, name));
  await chmod(path, stats.mode & 0o555);
  return bytes;
}
