import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { AccountPrincipal } from "../../src/auth/principal.ts";
import type { Committer } from "../../src/events/commit.ts";
import { followStream } from "../../src/events/follow.ts";
import type { Context } from "../../src/graphql/context.ts";
import { createHub, type Hub } from "../../src/graphql/hub.ts";
import { live, type Watched } from "../../src/graphql/live.ts";
import { Payload } from "../../src/graphql/payload.ts";
import type { Outlet } from "../../src/graphql/reader.ts";
import { createUnreliableTail, type Fate, type UnreliableTail } from "../events/unreliable-tail.ts";
import { append, committerOver } from "../events/world.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

interface Step extends Record<string, unknown> {
  readonly seq: number | null;
  readonly delta: { readonly [key: string]: unknown } | null;
}

let opened: TestStore;
beforeAll(async () => {
  opened = await openTestStore("sqlite");
});
afterAll(() => opened.close());

/** One stream with its readers, who share what they can. */
class World {
  readonly tail: UnreliableTail;
  readonly stream = `agent:${crypto.randomUUID()}`;
  readonly hub: Hub = createHub();
  /** How often a value was made ready to be sent. */
  shown = 0;
  #head = 0;
  readonly #committer: Committer;

  /** Every third value has to be waited for, so that those who read alone come to be ahead. */
  readonly waits: boolean;

  constructor(nextFate: () => Fate = () => "deliver", waits = false) {
    this.waits = waits;
    this.tail = createUnreliableTail(nextFate);
    this.#committer = committerOver(opened.store, this.tail);
  }

  get head(): number {
    return this.#head;
  }

  async append(count: number): Promise<void> {
    const event = { stream: this.stream, type: "step", space: null, payload: {} };
    const events = Array.from({ length: count }, () => event);
    await append(this.#committer, events, false);
    this.#head += count;
  }

  watched(after: number): Watched<Step> {
    const gateway = { store: opened.store, tail: this.tail };
    const { stream } = this;
    return {
      mayWatch: () => true,
      shared: {
        name: stream,
        after: BigInt(after),
        async *open(place, signal, onPresent) {
          const options = { buffer: 3, page: 2, ...(onPresent ? { onPresent } : {}) };
          for await (const followed of followStream(gateway, stream, place ?? 0n, signal, options)) {
            if (followed.kind === "delta") yield { seq: null, delta: followed.delta.delta };
            else yield { seq: followed.event.seq, delta: null };
          }
        },
        placeOf: ({ seq }) => (seq === null ? null : BigInt(seq)),
        passingOf: ({ delta }) => delta,
      },
    };
  }
}

/** A client that comes with its cursor, reads at its own pace, and comes back. */
class Client implements Outlet {
  readonly got: (number | string)[] = [];
  readonly #world: World;
  readonly #start: number;
  readonly #tokenId: string;
  #line: { readonly end: AbortController; readonly done: Promise<unknown> } | null = null;
  #stalled: PromiseWithResolvers<void> | null = null;

  constructor(world: World, start: number, tokenId = "a token") {
    this.#world = world;
    this.#start = start;
    this.#tokenId = tokenId;
  }

  get seqs(): number[] {
    return this.got.filter((each) => typeof each === "number");
  }

  connect(): void {
    if (this.#line) return;
    const end = new AbortController();
    const world = this.#world;
    const sequence = live(contextOf(end.signal, this.#tokenId), world.watched(this.seqs.at(-1) ?? this.#start));
    const show = (value: Step) => {
      world.shown++;
      const payload = new Payload({ data: value });
      return !world.waits || world.shown % 3 > 0
        ? payload
        : new Promise<Payload>((resolve) => setTimeout(resolve, 2, payload));
    };
    const reading = world.hub.subscribe({ sequence, selection: "all", show, outlet: this });
    this.#line = { end, done: reading.next() };
  }

  async disconnect(): Promise<void> {
    const line = this.#line;
    this.#line = null;
    line?.end.abort();
    this.resume();
    await line?.done;
  }

  stall(): void {
    this.#stalled ??= Promise.withResolvers();
  }

  resume(): void {
    this.#stalled?.resolve();
    this.#stalled = null;
  }

  hasRoom(): boolean {
    return this.#stalled === null;
  }

  write(payload: Payload): void {
    if (!this.#line) return;
    const { seq, delta } = dataOf(payload);
    this.got.push(seq ?? String(delta?.["text"]));
  }

  async send(payload: Payload): Promise<void> {
    this.write(payload);
    await this.#stalled?.promise;
  }
}

/** What a client reads in the message. */
function dataOf(payload: Payload): Step {
  let message = "";
  const connection = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      message += bytes.toString("latin1");
      done();
    },
  });
  payload.write(connection, Buffer.from('{"payload":'));
  return (JSON.parse(message.slice(message.indexOf("{"))) as { payload: { data: Step } }).payload.data; // written above
}

const principal: AccountPrincipal = {
  kind: "account",
  id: "an account",
  user: "reader",
  grants: [],
  roles: [],
  spaces: [],
  tokenId: "",
  expiresAt: new Date("2100-01-01"),
};

/** As much of a context as sharing looks at. */
const contextOf = (signal: AbortSignal, tokenId: string) =>
  ({
    principal: { ...principal, tokenId },
    signal,
    gateway: { now: () => new Date("2026-01-01") },
    auth: { refresh: async (before: AccountPrincipal) => before, onAccessChange: () => () => undefined },
  }) as unknown as Context;

const clientCount = 6;
const aClient = fc.nat(clientCount - 1);
const aStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ connect: aClient }) },
  { weight: 1, arbitrary: fc.record({ disconnect: aClient }) },
  { weight: 2, arbitrary: fc.record({ stall: aClient }) },
  { weight: 2, arbitrary: fc.record({ resume: aClient }) },
  { weight: 2, arbitrary: fc.record({ pauseMs: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant({ recover: true }) },
);
const aFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>("deliver") },
  { weight: 2, arbitrary: fc.constantFrom<Fate>("drop", "twice", "late") },
);

test("everybody sees everything once and in order, whoever comes, goes, stalls and whatever is lost on the way", async () => {
  const runs = fc.asyncProperty(
    fc.array(aStep, { minLength: 5, maxLength: 30 }),
    fc.infiniteStream(aFate),
    async (steps, fates) => {
      const world = new World(() => fates.next().value ?? "deliver", true);
      await world.append(3);
      const clients = Array.from({ length: clientCount }, (_, place) => {
        const start = place % 2 === 0 ? 0 : 3;
        return { start, client: new Client(world, start, `token ${place % 3}`) };
      });
      const of = (place: number) => clients[place]?.client;
      for (const step of steps) {
        if ("append" in step) await world.append(step.append);
        else if ("connect" in step) of(step.connect)?.connect();
        else if ("disconnect" in step) await of(step.disconnect)?.disconnect();
        else if ("stall" in step) of(step.stall)?.stall();
        else if ("resume" in step) of(step.resume)?.resume();
        else if ("recover" in step) world.tail.recover();
        else await new Promise((resolve) => setTimeout(resolve, step.pauseMs));
      }
      for (const { client } of clients) {
        client.resume();
        client.connect();
      }
      await world.append(2);
      world.tail.recover();
      for (const { client, start } of clients) {
        const truth = Array.from({ length: world.head - start }, (_, place) => start + place + 1);
        await vi.waitFor(() => assert.deepEqual(client.got, truth), { timeout: 3000, interval: 1 });
      }
      for (const { client } of clients) await client.disconnect();
      assert.equal(world.tail.listeners(), 0);
    },
  );
  await expect(fc.assert(runs, { numRuns: 40, endOnFailure: true })).resolves.toBeUndefined();
}, 60_000);

const atHead = async (clients: readonly Client[], head: number) => {
  for (const client of clients) await vi.waitFor(() => assert.equal(client.seqs.at(-1), head), { interval: 1 });
};

test("what is live is read and made ready once for all who watch it, however many", async () => {
  const world = new World();
  await world.append(1);
  const clients = Array.from({ length: 100 }, () => new Client(world, 0));
  for (const client of clients) client.connect();
  await atHead(clients, 1);
  await vi.waitFor(() => assert.equal(world.tail.listeners(), 1));
  const before = world.shown;
  for (let count = 0; count < 10; count++) await world.append(1);
  await atHead(clients, 11);
  expect(world.shown - before).toBe(10);
  for (const client of clients) await client.disconnect();
});

test("a reader that stalls delays nobody, and goes on where it was", async () => {
  const world = new World();
  await world.append(1);
  const [slow, quick] = [new Client(world, 0), new Client(world, 0)];
  for (const client of [slow, quick]) client.connect();
  await atHead([slow, quick], 1);
  await vi.waitFor(() => assert.equal(world.tail.listeners(), 1));
  slow.stall();
  for (let count = 0; count < 20; count++) await world.append(1);
  await atHead([quick], 21);
  expect(slow.seqs.length).toBeLessThan(4);
  slow.resume();
  await atHead([slow], 21);
  expect(slow.got).toEqual(quick.got);
  await vi.waitFor(() => assert.equal(world.tail.listeners(), 1)); // together again
  for (const client of [slow, quick]) await client.disconnect();
});

test("passing text is shown once, between the events it passed between, to those who read alone and together", async () => {
  for (let round = 0; round < 20; round++) {
    const world = new World();
    await world.append(1);
    const [first, second] = [new Client(world, 0), new Client(world, 0)];
    first.connect();
    await atHead([first], 1);
    await vi.waitFor(() => assert.equal(world.tail.listeners(), 1));
    second.connect();
    const pass = (text: string) => world.tail.publishDelta({ stream: world.stream, delta: { text } });
    pass("a");
    pass("b");
    for (let ticks = 0; ticks < round; ticks++) await Promise.resolve();
    await world.append(1);
    pass("c");
    for (let ticks = 0; ticks < round; ticks++) await new Promise(setImmediate);
    pass("d");
    await world.append(1);
    await atHead([first, second], 3);
    expect(first.got).toEqual([1, "a", "b", 2, "c", "d", 3]);
    // What passed while the second one still read from the table it may have missed, up to some point.
    const texts = second.got.filter((each) => typeof each === "string").join("");
    expect(["abcd", "abd", "ab", "bcd", "bd", "b", "cd", "d", ""]).toContain(texts);
    expect(second.seqs).toEqual([1, 2, 3]);
    expect(second.got).toEqual(first.got.filter((each) => second.got.includes(each)));
    for (const client of [first, second]) await client.disconnect();
  }
});
