import type { Readable } from "node:stream";
import { GatewayError } from "../../errors.ts";
import { HostAbsence, type PortableRuntime } from "../hosts.ts";

/** How soon it is noticed that a host is gone, though nobody wants anything of it. */
const lookEveryMs = 5_000;
/** How soon it is noticed that it is back. */
const lookAgainMs = 1_000;
/** An engine that loads an image or starts many containers may take its time. */
const answerMs = 5_000;

/** How the error of a host begins. */
const named = 'Host "';

/** One machine of the pool, by the name its operator gave it. */
export interface NamedRuntime {
  readonly name: string;
  readonly runtime: PortableRuntime;
}

/** Who looks after hosts. */
export interface HostKeeper {
  /** `null` when what answers by the name is the engine that is meant; otherwise why it is not, after "Host …". */
  recognise(host: NamedRuntime): Promise<string | null>;
  /** Hears when a host goes and when it comes back. */
  changed(host: Host): void;
}

const silent = "does not answer; its computers are unavailable until it does";

/**
 * Knows whether a host answers. While it does not, calls of it fail at once: one that is cut off would hold up, one
 * time limit after another, those who have work for the others too.
 */
export class Host {
  readonly name: string;
  readonly #runtime: PortableRuntime;
  readonly #keeper: HostKeeper;
  /** Ends the calls that wait for an answer. */
  readonly #waiting = new Set<(reason: GatewayError) => void>();
  #isAway = false;
  /** Why it is away, or would be. */
  #reason = silent;
  /** What was said in place of the last answer. */
  #cause: string | null = null;
  /** True once it is known to be the engine that its name stands for; asked again whenever it was away. */
  #isRecognised = false;
  #look: Promise<boolean> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Begins to look after it. */
  constructor({ name, runtime }: NamedRuntime, keeper: HostKeeper) {
    this.name = name;
    this.#runtime = runtime;
    this.#keeper = keeper;
    void this.answers();
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** Why it is away, in words that follow its name. */
  get reason(): string {
    return this.#reason;
  }

  /** What was said in place of an answer. Only for the operator: it has addresses. */
  get cause(): string | null {
    return this.#cause;
  }

  /** Asks it, unless somebody just does. Only two questions in a row without an answer are none. */
  answers(): Promise<boolean> {
    this.#look ??= this.#ask().finally(() => {
      this.#look = null;
      this.#lookLater();
    });
    return this.#look;
  }

  /**
   * Makes one call, which is given up as soon as the host is known to be away.
   *
   * @throws {GatewayError} UNAVAILABLE that names the host, as `HostAbsence` where it is away; `notStarted` when it was
   * before the call.
   */
  async call<T>(work: (runtime: PortableRuntime) => Promise<T>): Promise<T> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    lost.catch(() => undefined); // it may come before the work has begun
    this.#waiting.add(reject);
    try {
      return await this.longCall((runtime) => Promise.race([work(runtime), lost]));
    } finally {
      this.#waiting.delete(reject);
    }
  }

  /** The same for a call that itself knows best what became of it, such as a command. */
  async longCall<T>(work: (runtime: PortableRuntime) => Promise<T>): Promise<T> {
    await this.checkThere();
    try {
      return await work(this.#runtime);
    } catch (error) {
      throw await this.#explained(error);
    }
  }

  /** A call that opens an archive. One that comes when nobody waits for it any more is not read. */
  async open<T extends Readable | null>(work: (runtime: PortableRuntime) => Promise<T>): Promise<T> {
    let opening: Promise<T> | undefined;
    try {
      return await this.call((runtime) => (opening = work(runtime)));
    } catch (error) {
      opening?.then((late) => late?.destroy()).catch(() => undefined); // its error has been told
      throw error;
    }
  }

  /** What goes on for longer than a call, such as a stream. */
  get runtime(): PortableRuntime {
    return this.#runtime;
  }

  /** @throws {HostAbsence} while it is known to be away. */
  async checkThere(): Promise<void> {
    if (!this.#isAway && !this.#isRecognised) await this.answers();
    if (this.#isAway) throw this.#absence("notStarted");
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<boolean> {
    const isThere = (await this.#isMeant()) || (!this.#isAway && (await this.#isMeant()));
    if (this.#isAway === isThere && !this.#closed) this.#turn(!isThere);
    return isThere;
  }

  /** Whether it answers and is what its name stands for. */
  async #isMeant(): Promise<boolean> {
    this.#reason = silent;
    this.#cause = null;
    try {
      await this.#runtime.ping(AbortSignal.timeout(answerMs));
      if (this.#isRecognised) return true;
      const stranger = await this.#keeper.recognise({ name: this.name, runtime: this.#runtime });
      if (stranger !== null) this.#reason = stranger;
      this.#isRecognised = stranger === null;
    } catch (error) {
      this.#cause = error instanceof Error ? error.message : String(error);
      return false;
    }
    return this.#isRecognised;
  }

  #turn(isAway: boolean): void {
    this.#isAway = isAway;
    if (isAway) {
      this.#isRecognised = false;
      for (const giveUp of this.#waiting) giveUp(this.#absence());
    }
    this.#lookLater();
    this.#keeper.changed(this);
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.answers(), this.#isAway ? lookAgainMs : lookEveryMs).unref();
  }

  /** An engine's own error says an address, if anything; and what is behind it may be the host's absence. */
  async #explained(error: unknown): Promise<unknown> {
    if (!(error instanceof GatewayError) || error.code !== "UNAVAILABLE") return error;
    if (error.message.startsWith(named)) return error;
    if (!(await this.answers())) return this.#absence(error.facts.state, error);
    return new GatewayError("UNAVAILABLE", `${named}${this.name}": ${error.message}`, error.facts, error);
  }

  #absence(state?: string, cause?: unknown): HostAbsence {
    return new HostAbsence(`${named}${this.name}" ${this.#reason}`, state === undefined ? {} : { state }, cause);
  }
}
