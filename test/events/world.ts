import { readConfig } from "../../src/config.ts";
import { emitItems, moveResponse } from "../../src/domain/responses/change.ts";
import { followResponse } from "../../src/domain/responses/progress.ts";
import { commit, type Committer } from "../../src/events/commit.ts";
import type { LogEvent, NewEvent } from "../../src/events/event.ts";
import { type Followed, followLog, followStream, type FollowSizes } from "../../src/events/follow.ts";
import { asLogEvent, type EventFilter, headOf, matches } from "../../src/events/read.ts";
import type { Tail } from "../../src/events/tail.ts";
import type { Store } from "../../src/store/store.ts";

/** Small, so that every reader that pauses falls behind. */
const sizes: FollowSizes = { buffer: 3, page: 2 };

/** What a reader reads. */
export type Subject =
  | { readonly kind: "stream"; readonly stream: string }
  | { readonly kind: "log"; readonly filter: EventFilter }
  | { readonly kind: "response"; readonly id: string };

/** A client that keeps what it got and its cursor, and comes back where it left off. */
export class Reader {
  readonly subject: Subject;
  readonly got: bigint[] = [];
  /** Terminal events it was shown. */
  terminals = 0;
  /** The sequence ended by itself. */
  ended = false;
  readonly #start: bigint;
  #connection: { readonly end: AbortController; readonly done: Promise<void> } | null = null;
  #pause: PromiseWithResolvers<void> | null = null;

  constructor(subject: Subject, start: bigint) {
    this.subject = subject;
    this.#start = start;
  }

  connect(store: Store, tail: Tail): void {
    if (this.#connection || this.ended) return;
    const end = new AbortController();
    const after = this.got.at(-1) ?? this.#start;
    this.#connection = {
      end,
      done: this.#read(numbersOf({ store, tail }, this.subject, after, end.signal), end.signal),
    };
  }

  async disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    connection?.end.abort();
    this.resume();
    await connection?.done;
  }

  pause(): void {
    this.#pause ??= Promise.withResolvers();
  }

  resume(): void {
    this.#pause?.resolve();
    this.#pause = null;
  }

  async #read(numbers: AsyncGenerator<Numbered>, signal: AbortSignal): Promise<void> {
    for await (const { number, terminal } of numbers) {
      await this.#pause?.promise;
      if (signal.aborted) return; // what was on its way when the line broke was not received
      this.got.push(number);
      if (terminal) this.terminals++;
    }
    this.ended = !signal.aborted;
  }
}

interface Numbered {
  readonly number: bigint;
  readonly terminal: boolean;
}

async function* numbersOf(
  gateway: { readonly store: Store; readonly tail: Tail },
  subject: Subject,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<Numbered> {
  if (subject.kind === "response") {
    for await (const { seq, status } of followResponse(gateway, subject.id, Number(after), signal)) {
      if (seq !== null) yield { number: BigInt(seq), terminal: isTerminal(status) };
    }
    return;
  }
  const followed =
    subject.kind === "stream"
      ? followStream(gateway, subject.stream, after, signal, sizes)
      : followLog(gateway, subject.filter, after, signal, sizes);
  for await (const each of followed)
    if (each.kind === "event") yield { number: numberOf(subject, each), terminal: false };
}

const numberOf = ({ kind }: Subject, { event }: Extract<Followed, { kind: "event" }>) =>
  kind === "log" ? event.id : BigInt(event.seq);

const isTerminal = (status: unknown) => status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";

/** What the table says a reader must have got: the truth. */
export async function truthFor(store: Store, subject: Subject, start: bigint): Promise<bigint[]> {
  const events = (await store.event.findMany({ orderBy: { id: "asc" } })).map(asLogEvent);
  const number = (event: LogEvent) => (subject.kind === "log" ? event.id : BigInt(event.seq));
  const wanted = (event: LogEvent) =>
    subject.kind === "log"
      ? matches(subject.filter, event)
      : event.stream === (subject.kind === "stream" ? subject.stream : `response:${subject.id}`);
  return events.filter((event) => wanted(event) && number(event) > start).map(number);
}

/** Where a new reader that wants only what comes begins. */
export const headFor = (store: Store, subject: Subject): Promise<bigint> =>
  headOf(store, subject.kind === "log" ? "*" : subject.kind === "stream" ? subject.stream : `response:${subject.id}`);

/** What makes changes; its tail may be another after a restart. */
export const committerOver = (store: Store, tail: Tail): Committer => ({
  store,
  tail,
  actor: "tester",
  now: () => new Date("2026-01-01T00:00:00Z"),
  newId: () => crypto.randomUUID(),
  config: readConfig({}),
  sealer: { keyId: "none", knows: unused, seal: unused, open: unused },
  reactions: [],
});

const unused = (): never => {
  throw new Error("the log seals nothing");
};

/** Thrown inside a change to roll it back. */
class ChangeOfMind extends Error {}

/** One change with events; rolled back when it fails. */
export async function append(committer: Committer, events: readonly NewEvent[], fails: boolean): Promise<void> {
  const made = commit(committer, async (unit) => {
    for (const event of events) await unit.emit(event);
    if (fails) throw new ChangeOfMind();
  });
  await made.catch((error: unknown) => {
    if (!(error instanceof ChangeOfMind)) throw error;
  });
}

const home = {
  id: "log-agent",
  space: "default",
  ownerId: null,
  partOf: "agents",
  facts: { agent: "log-agent", agentId: "log-agent" },
} as const;

/** Tries to end a response; only the first try does. */
export const endResponse = (committer: Committer, id: string, status: "COMPLETED" | "FAILED" | "CANCELLED") =>
  commit(committer, (unit) => moveResponse(unit, home, { id, status: { in: ["PENDING", "PROCESSING"] } }, status));

/** Adds an item unless the response has ended. */
export const addItem = (committer: Committer, id: string) =>
  commit(committer, async (unit) => {
    const open = { id, status: { in: ["PENDING", "PROCESSING"] as ("PENDING" | "PROCESSING")[] } };
    const { count } = await unit.tx.response.updateMany({ where: open, data: { updatedAt: unit.at } });
    if (count > 0) await emitItems(unit, home, id, [{ type: "commentary", text: "a step" }]);
  });

/** A response of an agent that nobody works for. */
export async function createResponse(store: Store, id: string): Promise<void> {
  const at = new Date("2026-01-01T00:00:00Z");
  const of = { respondentId: home.id, agentId: home.id };
  await store.response.create({
    data: { id, ...of, status: "PROCESSING", input: {}, createdAt: at, updatedAt: at },
  });
}

/** The agent that the responses belong to. */
export async function createHome(store: Store): Promise<void> {
  const at = new Date("2026-01-01T00:00:00Z");
  const times = { createdAt: at, updatedAt: at };
  await store.space.upsert({ where: { name: "default" }, create: { name: "default", ...times }, update: {} });
  await store.computer.create({ data: { id: "log-computer", space: "default", ...times } });
  const { id } = home;
  const names = { name: id, nameKey: id, createdByName: "tester" };
  await store.agent.create({ data: { id, ...names, spaceName: "default", computerId: "log-computer", ...times } });
}
