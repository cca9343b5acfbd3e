import type { Principal } from "../auth/principal.ts";
import type { GatewayError } from "../errors.ts";
import { type AccessWatch, watchAccess } from "./access-watch.ts";
import { type Context, shownTo } from "./context.ts";
import { closeFor } from "./live.ts";
import type { Payload } from "./payload.ts";
import type { Reader } from "./reader.ts";

/** Readers of a channel that came with the same token: what they may watch is looked at once for all of them. */
export class Audience<T> {
  readonly access: AccessWatch;
  readonly readers = new Set<Reader<T>>();
  /** Those who are up to date and served together. */
  readonly listening = new Set<Reader<T>>();
  readonly #signal: AbortSignal;
  /** Whoever came last knows best what it is that is watched. */
  #newest: Reader<T>;
  #shownAs: { readonly principal: Principal; readonly context: Context } | null = null;

  /** `latest` is the newest value there is; `signal` aborts when nobody is left who could see what is shown. */
  constructor(first: Reader<T>, latest: () => T | null, signal: AbortSignal) {
    this.#newest = first;
    this.#signal = signal;
    this.access = watchAccess(
      first.context,
      (principal) => this.#newest.watched.mayWatch(principal, latest()),
      (error) => this.#sendAway(error),
    );
  }

  enter(reader: Reader<T>): void {
    this.readers.add(reader);
    this.#newest = reader;
  }

  /** Takes a reader out; `false` when it was not there. */
  leave(reader: Reader<T>): boolean {
    this.listening.delete(reader);
    if (!this.readers.delete(reader)) return false;
    if (this.readers.size === 0) this.access.stop();
    else if (this.#newest === reader) this.#newest = [...this.readers].at(-1) ?? reader;
    return true;
  }

  /** A value as all of them may see it now; `null` where they may not. */
  async show(value: T): Promise<Payload | null> {
    for (;;) {
      await this.access.settled();
      const { principal } = this.access;
      const { watched, show } = this.#newest;
      const isSeen = watched.maySee?.(principal, value) ?? true;
      if (!this.access.holds() || !(isSeen === true || (await isSeen))) return null;
      const payload = await show(value, this.#contextFor(principal));
      if (!this.access.isChecking && this.access.principal === principal) return payload;
    }
  }

  /** A context that outlives each single reader. */
  #contextFor(principal: Principal): Context {
    if (this.#shownAs?.principal !== principal) {
      this.#shownAs = { principal, context: shownTo(this.#newest.context, principal, this.#signal) };
    }
    return this.#shownAs.context;
  }

  #sendAway(error: GatewayError): void {
    for (const reader of this.readers) {
      closeFor(reader.context, error);
      reader.end(error);
    }
  }
}
