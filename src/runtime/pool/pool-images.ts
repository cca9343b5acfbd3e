import pLimit from "p-limit";
import { GatewayError } from "../../errors.ts";
import { builtImagePrefix, goneImage } from "../paths.ts";
import type { ImageDraft, ImageSpec, RuntimeImages } from "../runtime.ts";
import { deliver } from "./copy-between-hosts.ts";
import type { Host } from "./host.ts";
import type { Pool } from "./pool.ts";

type Progress = (line: string) => void;

/** So many images are carried at a time: each is as large as what was built, and all of it passes through here. */
const mostCarried = 2;

/**
 * Images of a pool: made on one host, and carried to another when a computer is to be made from them there. No
 * registry has them.
 */
export class PoolImages implements RuntimeImages {
  readonly #pool: Pool;
  readonly #carried = pLimit(mostCarried);
  /** What is being carried, by host and image: who wants the same waits for it. */
  readonly #underWay = new Map<string, Promise<void>>();
  #turn = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Gets an image to where it is wanted: to the host of a volume, or to all that answer. */
  async ensure(image: string, onProgress?: Progress, volume?: string): Promise<void> {
    const host = volume === undefined ? null : await this.#pool.hostOf(volume);
    if (host) await this.#ensureOn(host, image, onProgress);
    else await this.#pool.ofEach("ensureImage", (_runtime, each) => this.#ensureOn(each, image, onProgress));
  }

  /** Begins on one of those that answer, in turn. */
  async open(spec: ImageSpec): Promise<ImageDraft> {
    const answering = await this.#pool.answering();
    const host = answering[this.#turn++ % Math.max(1, answering.length)];
    if (!host) throw this.#pool.noneAnswers();
    await this.#removeFrom(
      answering.filter((each) => each !== host),
      spec.name,
    );
    await this.#ensureOn(host, spec.base);
    const draft = await host.call(({ images }) => images.open(spec));
    return {
      addFolder: (folder, name) => host.call(() => draft.addFolder(folder, name)),
      run: (command) => host.longCall(() => draft.run(command)),
      commit: () => host.call(() => draft.commit()),
      discard: () => host.call(() => draft.discard()),
    };
  }

  /** Of all hosts that answer; one that is away shows what it has when it is back. */
  async list() {
    const lists = await this.#pool.ofEach("images.list", ({ images }) => images.list());
    const all = lists.flatMap(({ found }) => found);
    return [...new Map(all.map((image) => [image.name, image])).values()];
  }

  async remove(name: string): Promise<void> {
    await this.#pool.ofEach("images.remove", ({ images }) => images.remove(name));
  }

  /** What a beginning that broke off has left; one that cannot be removed is removed with the image's last user. */
  async #removeFrom(hosts: readonly Host[], name: string): Promise<void> {
    const removing = hosts.map((host) =>
      host
        .call(({ images }) => images.remove(name))
        .catch((error: unknown) => this.#pool.warn(host, "images.remove", error)),
    );
    await Promise.all(removing);
  }

  async #ensureOn(host: Host, image: string, onProgress?: Progress): Promise<void> {
    try {
      await host.call((runtime) => runtime.ensureImage(image, onProgress));
    } catch (error) {
      const isGone = error instanceof GatewayError && error.code === "NOT_FOUND" && image.startsWith(builtImagePrefix);
      if (!isGone) throw error;
      await this.#bring(host, image, onProgress);
    }
  }

  #bring(host: Host, image: string, onProgress?: Progress): Promise<void> {
    const key = `${host.name} ${image}`;
    const known = this.#underWay.get(key);
    if (known) return known;
    const done = this.#carried(() => this.#carry(host, image, onProgress)).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, done);
    return done;
  }

  /**
   * Asks one after another. One that is away may have it, and one that cannot give it has it.
   *
   * @throws {GatewayError} NOT_FOUND when no host has it, UNAVAILABLE while one that may have it cannot be asked.
   */
  async #carry(target: Host, image: string, onProgress?: Progress): Promise<void> {
    let refusal: GatewayError | null = null;
    for (const source of this.#pool.hosts.filter((host) => host !== target)) {
      try {
        const archive = await source.open(({ cargo }) => cargo.readImage(image));
        if (archive === null) continue;
        onProgress?.(`carrying ${image} from host "${source.name}" to host "${target.name}"`);
        return await deliver(archive, source, () => target.call(({ cargo }) => cargo.loadImage(image, archive)));
      } catch (error) {
        await target.checkThere();
        if (!(error instanceof GatewayError)) throw error;
        refusal = error;
      }
    }
    throw refusal ?? goneImage(image);
  }
}
