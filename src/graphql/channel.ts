import { Audience } from "./audience.ts";
import type { Payload, Reader } from "./reader.ts";
import { openReading, type Reading } from "./reading.ts";

/** What is read for all who are up to date. */
interface LiveReading<T> {
  readonly reading: Reading<T>;
  /** Whoever listens has had all up to here. */
  delivered: bigint;
}

/**
 * All who watch the same with the same eyes: one sequence, one selection, one account. What is live is read, executed
 * and serialized once for all of them. A reader that comes, or that falls behind, reads by itself at its own pace
 * until it has reached what is live: so nobody waits for anybody, misses anything or sees it twice.
 */
export class Channel<T> {
  readonly #audiences = new Map<string, Audience<T>>();
  readonly #alone = new Map<Reader<T>, Reading<T>>();
  readonly #empty = new AbortController();
  #latest: { readonly value: T; readonly place: bigint | null } | null = null;
  #live: LiveReading<T> | null = null;

  /** Aborts when the last reader has left. */
  get empty(): AbortSignal {
    return this.#empty.signal;
  }

  /** Serves a reader until it ends. */
  enter(reader: Reader<T>): void {
    const { tokenId } = reader.principal;
    const latest = () => this.#latest?.value ?? null;
    const audience = this.#audiences.get(tokenId) ?? new Audience(reader, latest, this.empty);
    this.#audiences.set(tokenId, audience);
    audience.enter(reader);
    void this.#readAlone(reader, audience);
  }

  /** Serves a reader that has ended no more. */
  leave(reader: Reader<T>): void {
    const { tokenId } = reader.principal;
    const audience = this.#audiences.get(tokenId);
    if (!audience?.leave(reader)) return;
    this.#alone.get(reader)?.close();
    if (audience.readers.size === 0) this.#audiences.delete(tokenId);
    this.#closeUnheard();
    if (this.#audiences.size === 0) this.#empty.abort();
  }

  async #readAlone(reader: Reader<T>, audience: Audience<T>): Promise<void> {
    const reading = openReading(reader.watched, reader.position);
    this.#alone.set(reader, reading);
    try {
      let isAlone = true;
      while (isAlone) isAlone = await this.#stepAlone(reader, audience, reading);
    } catch (error) {
      reader.end(error);
    } finally {
      this.#alone.delete(reader);
    }
  }

  /** One step of a reader by itself; `false` when it goes on with the others, or not at all. */
  async #stepAlone(reader: Reader<T>, audience: Audience<T>, reading: Reading<T>): Promise<boolean> {
    const step = await reading.next();
    if (reader.isOver) return false;
    if (typeof step === "bigint") {
      reader.reach(step);
      if (!this.#live) return !this.#goLive(reader, audience, reading);
    } else {
      reading.taken();
      if (step.done) reader.end();
      else await this.#showAlone(reader, audience, step.value);
    }
    return !reader.isOver && !this.#join(reader, audience, reading);
  }

  async #showAlone(reader: Reader<T>, audience: Audience<T>, value: T): Promise<void> {
    const place = this.#see(reader, value);
    const payload = await audience.show(value);
    if (payload && !reader.isOver) await reader.outlet.send(payload);
    reader.reach(place);
  }

  /** Lets a reader that has all that the others have go on with them; `false` when it has not. */
  #join(reader: Reader<T>, audience: Audience<T>, reading: Reading<T>): boolean {
    const { position } = reader;
    if (!this.#live || position === null || position < this.#live.delivered) return false;
    reading.close();
    audience.listening.add(reader);
    return true;
  }

  /** Makes the reading of the first who is up to date everybody's. */
  #goLive(reader: Reader<T>, audience: Audience<T>, reading: Reading<T>): true {
    const live = { reading, delivered: reader.position ?? 0n };
    this.#live = live;
    audience.listening.add(reader);
    this.#runLive(live, reader).then(
      () => this.#endLive(live),
      (error: unknown) => this.#endLive(live, error),
    );
    return true;
  }

  async #runLive(live: LiveReading<T>, first: Reader<T>): Promise<void> {
    for (;;) {
      const step = await live.reading.next();
      if (this.#live !== live) return;
      if (typeof step === "bigint") continue;
      live.reading.taken();
      if (step.done) return;
      const place = this.#see(first, step.value);
      const payload = await this.#payloadOf(step.value);
      if (this.#live !== live) return;
      this.#deliver(live, place, payload);
    }
  }

  #endLive(live: LiveReading<T>, error?: unknown): void {
    if (this.#live !== live) return;
    this.#live = null;
    for (const { listening } of this.#audiences.values()) {
      for (const reader of listening) reader.end(error);
    }
  }

  /** One viewer's, which is everybody's: they are one account. By then nobody's access is being looked at. */
  async #payloadOf(value: T): Promise<Payload | null> {
    for (;;) {
      const viewer = [...this.#audiences.values()].find(({ listening }) => listening.size > 0);
      if (!viewer) return null;
      const payload = await viewer.show(value);
      const checking = [...this.#audiences.values()].filter(({ access }) => access.isChecking);
      if (checking.length === 0 && viewer.access.holds()) return payload;
      await Promise.all(checking.map(({ access }) => access.settled()));
    }
  }

  #deliver(live: LiveReading<T>, place: bigint | null, payload: Payload | null): void {
    for (const audience of this.#audiences.values()) {
      if (!payload || !audience.access.holds()) continue;
      for (const reader of audience.listening) {
        if (wants(reader, place, live)) this.#hand(reader, audience, place, payload);
      }
    }
    if (place !== null) live.delivered = place;
    this.#closeUnheard();
  }

  #hand(reader: Reader<T>, audience: Audience<T>, place: bigint | null, payload: Payload): void {
    reader.reach(place);
    if (reader.outlet.hasRoom()) return reader.outlet.write(payload);
    audience.listening.delete(reader);
    void reader.outlet.send(payload).then(() => (reader.isOver ? undefined : this.#readAlone(reader, audience)));
  }

  #closeUnheard(): void {
    if (!this.#live || [...this.#audiences.values()].some(({ listening }) => listening.size > 0)) return;
    this.#live.reading.close();
    this.#live = null;
  }

  /** Notes the newest value there is, and says where a value has its place. */
  #see({ watched: { shared } }: Reader<T>, value: T): bigint | null {
    const place = shared ? shared.placeOf(value) : null;
    const before = this.#latest?.place ?? null;
    if (!shared || (place !== null && (before === null || place > before))) this.#latest = { value, place };
    return place;
  }
}

/** Not what it has had by itself, nor text that passed before that. */
function wants<T>({ position }: Reader<T>, place: bigint | null, { delivered }: LiveReading<T>): boolean {
  if (position === null) return true;
  return place === null ? position <= delivered : place > position;
}
