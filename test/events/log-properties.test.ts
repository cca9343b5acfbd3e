import assert from "node:assert/strict";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { onEveryDatabase } from "../store/databases.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { createUnreliableTail, type Fate, type UnreliableTail } from "./unreliable-tail.ts";
import * as world from "./world.ts";

const streams = ["agent:one", "agent:two", "space:three"];
const filters = [{}, { streamPrefix: "agent:" }, { types: ["even"] }, { streams: ["space:three"], spaces: ["a"] }];

/** An event by what its readers look at. */
const anEvent = fc.record({
  stream: fc.constantFrom(...streams),
  type: fc.constantFrom("even", "odd"),
  space: fc.constantFrom("a", "b", null),
  payload: fc.constant({}),
});

const aChange = fc.oneof(
  { weight: 4, arbitrary: fc.record({ events: fc.array(anEvent, { maxLength: 4 }), fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ item: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ end: fc.nat(1), as: fc.constantFrom("COMPLETED", "FAILED", "CANCELLED") }) },
);

const readerCount = 2 * (streams.length + filters.length + 2);
const aReader = fc.nat(readerCount - 1);

const aStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ changes: fc.array(aChange, { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ connect: aReader }) },
  { weight: 2, arbitrary: fc.record({ disconnect: aReader }) },
  { weight: 1, arbitrary: fc.record({ pause: aReader }) },
  { weight: 1, arbitrary: fc.record({ resume: aReader }) },
  { weight: 1, arbitrary: fc.constant({ recover: true }) },
  { weight: 1, arbitrary: fc.constant({ restart: true }) },
);

const aFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>("deliver") },
  { weight: 3, arbitrary: fc.constantFrom<Fate>("drop", "twice", "late") },
);

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Step = Drawn<typeof aStep>;
type Change = Drawn<typeof aChange>;

/** One run: a store that goes on, tails that come and go, and readers of every kind, old and new. */
class Run {
  readonly #store: TestStore["store"];
  readonly #nextFate: () => Fate;
  readonly #responses = [crypto.randomUUID(), crypto.randomUUID()];
  readonly #readers: { readonly reader: world.Reader; readonly start: bigint }[] = [];
  #tail: UnreliableTail;

  constructor(store: TestStore["store"], nextFate: () => Fate) {
    this.#store = store;
    this.#nextFate = nextFate;
    this.#tail = createUnreliableTail(nextFate);
  }

  /** Half of the readers want everything from the start of the run, half of them what was there before, too. */
  async begin(): Promise<void> {
    for (const id of this.#responses) await world.createResponse(this.#store, id);
    const subjects: world.Subject[] = [
      ...streams.map((stream) => ({ kind: "stream", stream }) as const),
      ...filters.map((filter) => ({ kind: "log", filter }) as const),
      ...this.#responses.map((id) => ({ kind: "response", id }) as const),
    ];
    for (const subject of subjects) {
      for (const start of [await world.headFor(this.#store, subject), 0n]) {
        this.#readers.push({ reader: new world.Reader(subject, start), start });
      }
    }
  }

  async take(step: Step): Promise<void> {
    if ("changes" in step) await Promise.all(step.changes.map((change) => this.#change(change)));
    if ("connect" in step) this.#reader(step.connect).connect(this.#store, this.#tail);
    if ("disconnect" in step) await this.#reader(step.disconnect).disconnect();
    if ("pause" in step) this.#reader(step.pause).pause();
    if ("resume" in step) this.#reader(step.resume).resume();
    if ("recover" in step) this.#tail.recover();
    if ("restart" in step) await this.#restart();
  }

  /** Everybody comes back; then each must have all of it, once, in order. */
  async finish(): Promise<void> {
    for (const { reader } of this.#readers) {
      reader.resume();
      reader.connect(this.#store, this.#tail);
    }
    this.#tail.recover();
    await this.#allHaveEverything();
    // Once more, so that whatever a reader would show twice has had its chance.
    for (const stream of streams) await this.#change({ events: [event(stream), event(stream)], fails: false });
    for (const index of [0, 1]) await this.#change({ end: index, as: "COMPLETED" });
    this.#tail.recover();
    await this.#allHaveEverything();
    for (const { reader } of this.#readers) {
      if (reader.subject.kind === "response") assert.deepEqual([reader.ended, reader.terminals], [true, 1]);
      await reader.disconnect();
    }
    assert.equal(this.#tail.listeners(), 0);
  }

  async #allHaveEverything(): Promise<void> {
    for (const { reader, start } of this.#readers) {
      const truth = await world.truthFor(this.#store, reader.subject, start);
      const hasAll = () => assert.deepEqual(reader.got, truth, JSON.stringify(reader.subject));
      await vi.waitFor(hasAll, { timeout: 10_000, interval: 1 });
    }
  }

  async #restart(): Promise<void> {
    await Promise.all(this.#readers.map(({ reader }) => reader.disconnect()));
    await this.#tail.close();
    this.#tail = createUnreliableTail(this.#nextFate);
  }

  #reader(index: number): world.Reader {
    const found = this.#readers[index];
    if (!found) throw new Error(`There is no reader ${index}`);
    return found.reader;
  }

  async #change(change: Change): Promise<void> {
    const committer = world.committerOver(this.#store, this.#tail);
    const response = (index: number) => this.#responses[index] ?? "";
    if ("events" in change) await world.append(committer, change.events, change.fails);
    else if ("item" in change) await world.addItem(committer, response(change.item));
    else await world.endResponse(committer, response(change.end), change.as);
  }
}

const event = (stream: string) => ({ stream, type: "even", space: "a", payload: {} }) as const;

onEveryDatabase("the log of events", (provider) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(provider);
    await world.createHome(opened.store);
  });
  afterAll(() => opened.close());

  test("shows every reader a gapless, ordered sequence without repeats, whatever happens on the way", async () => {
    const runs = fc.asyncProperty(
      fc.array(aStep, { minLength: 5, maxLength: 30 }),
      fc.infiniteStream(aFate),
      async (steps, fates) => {
        await opened.store.$transaction([opened.store.event.deleteMany(), opened.store.stream.deleteMany()]);
        const run = new Run(opened.store, () => fates.next().value ?? "deliver");
        await run.begin();
        for (const step of steps) await run.take(step);
        await run.finish();
        await expectGapless(opened.store);
      },
    );
    const checked = fc.assert(runs, { numRuns: provider === "sqlite" ? 40 : 15, endOnFailure: true });
    await expect(checked).resolves.toBeUndefined();
  }, 30_000);
});

/** Numbers in the table itself, over everything and in each stream. */
async function expectGapless(store: TestStore["store"]): Promise<void> {
  const rows = await store.event.findMany({ orderBy: { id: "asc" } });
  expect(rows.map(({ id }) => id)).toEqual(rows.map((_row, place) => BigInt(place + 1)));
  for (const [, inStream] of Map.groupBy(rows, ({ stream }) => stream)) {
    expect(inStream.map(({ seq }) => seq)).toEqual(inStream.map((_row, place) => place + 1));
  }
}
