import { Audience } from "./audience.ts";
import type { Payload } from "./payload.ts";
import type { Reader } from "./reader.ts";
import { openReading, type Reading } from "./reading.ts";

/** What is read for all who are up to date. */
interface LiveReading<T> {
  readonly reading: Reading<T>;
  /** Whoever listens has had all up to here. */
  delivered: bigint;
  /** What of the passing they have had last since then. */
  passed: object | null;
}

/** A value with where it stands in its sequence: it has a place, or it passes. */
interface Placed<T> {
  readonly value: T;
  readonly place: bigint | null;
  readonly passing: object | null;
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
  #latest: Placed<T> | null = null;
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
    const placed = this.#see(reader, value);
    const payload = await audience.show(value);
    if (payload && !reader.isOver) await reader.outlet.send(payload);
    note(reader, placed);
  }

  /** Lets a reader that has all that the others have go on with them; `false` when it has not. */
  #join(reader: Reader<T>, audience: Audience<T>, reading: Reading<T>): boolean {
    if (!this.#live || !isUpToDate(reader, this.#live)) return false;
    reading.close();
    audience.listening.add(reader);
    return true;
  }

  /** Makes the reading of the first who is up to date everybody's. */
  #goLive(reader: Reader<T>, audience: Audience<T>, reading: Reading<T>): true {
    const live = { reading, delivered: reader.position ?? 0n, passed: reader.passed };
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
      const placed = this.#see(first, step.value);
      const payload = await this.#payloadOf(step.value);
      if (this.#live !== live) return;
      this.#deliver(live, placed, payload);
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

  #deliver(live: LiveReading<T>, placed: Placed<T>, payload: Payload | null): void {
    for (const audience of this.#audiences.values()) {
      if (!payload || !audience.access.holds()) continue;
      for (const reader of audience.listening) {
        if (wants(reader, placed, live)) this.#hand(reader, audience, placed, payload);
      }
    }
    if (placed.place !== null) live.delivered = placed.place;
    live.passed = placed.passing;
    this.#closeUnheard();
  }

  #hand(reader: Reader<T>, audience: Audience<T>, placed: Placed<T>, payload: Payload): void {
    note(reader, placed);
    if (reader.outlet.hasRoom()) return reader.outlet.write(payload);
    audience.listening.delete(reader);
    void reader.outlet.send(payload).then(() => (reader.isOver ? undefined : this.#readAlone(reader, audience)));
  }

  #closeUnheard(): void {
    if (!this.#live || [...this.#audiences.values()].some(({ listening }) => listening.size > 0)) return;
    this.#live.reading.close();
    this.#live = null;
  }

  /** Notes the newest value there is, and says where a value stands. */
  #see({ watched: { shared } }: Reader<T>, value: T): Placed<T> {
    const place = shared ? shared.placeOf(value) : null;
    const placed = { value, place, passing: place === null ? (shared?.passingOf?.(value) ?? null) : null };
    const before = this.#latest?.place ?? null;
    if (!shared || (place !== null && (before === null || place > before))) this.#latest = placed;
    return placed;
  }
}

/** Notes that a reader was handed a value. */
function note<T>(reader: Reader<T>, { place, passing }: Placed<T>): void {
  if (place !== null) reader.reach(place);
  else reader.passed = passing;
}

/** True for a reader that has all that those who listen have had. */
function isUpToDate<T>({ position, passed }: Reader<T>, live: LiveReading<T>): boolean {
  if (position === null || position < live.delivered) return false;
  return passed === (position === live.delivered ? live.passed : null);
}

/** Not what it has had by itself, nor what passed before that. */
function wants<T>({ position }: Reader<T>, { place }: Placed<T>, { delivered }: LiveReading<T>): boolean {
  if (position === null) return true;
  return place === null ? position <= delivered : place > position;
}
