import type { Logger } from "pino";
import type { Store } from "../store/store.ts";
import type { LogEvent } from "./event.ts";
import { LogOrder } from "./log-order.ts";
import { createMemoryTail } from "./memory-tail.ts";
import { openNotices } from "./notices.ts";
import { createNoticeReader, createNoticeWriter, type Passing } from "./passing-text.ts";
import { headOf } from "./read.ts";
import type { Tail } from "./tail.ts";

/** The log that gateways share. */
export interface SharedLog {
  readonly store: Store;
  readonly databaseUrl: string;
}

/** What was committed is announced everywhere after this time, also when its writer died before it said so. */
const lookMs = 3_000;
const page = 100;

/**
 * The tail of a gateway on PostgreSQL, where there may be others. A notice tells them that there is something new; what
 * it is, each reads from the log, once for all of its listeners, which so hear the events of all gateways in the order
 * of their numbers and without a gap. Passing text goes in notices.
 */
export async function createPostgresqlTail(
  { store, databaseUrl }: SharedLog,
  log: Logger,
  report: (error: unknown) => void,
): Promise<Tail> {
  const local = createMemoryTail(report);
  const read = createNoticeReader();
  const write = createNoticeWriter();
  let reader: LogReader | null = null;
  const look = () => reader?.look();
  const heard = (notice: string, sender: number) => {
    if (!reader) return;
    const passing = notice === "" ? null : read(notice, sender);
    if (notice === "" || (passing && !order.pass(passing))) look();
  };
  const notices = await openNotices(databaseUrl, { heard, connected: look }, log);
  const order = new LogOrder(local, await headOf(store, "*"));
  reader = new LogReader(store, order, log);
  look(); // for what was told in the meantime

  return {
    subscribe: (stream, listener) => local.subscribe(stream, listener),
    publish(events) {
      if (!order.wrote(events)) look();
      notices.send("");
    },
    publishDelta(delta) {
      const passing: Passing = { ...delta, place: order.newest };
      order.pass(passing);
      for (const notice of write(passing)) notices.send(notice);
    },
    async close() {
      await notices.close();
      await reader.close();
      await local.close();
    },
  };
}

/** Reads what is new in the log and announces it: when it is told to, and from time to time. */
class LogReader {
  readonly #store: Store;
  readonly #order: LogOrder;
  readonly #log: Logger;
  readonly #timer = setInterval(() => this.look(), lookMs);
  #wanted = false;
  #reading: Promise<void> | null = null;

  constructor(store: Store, order: LogOrder, log: Logger) {
    this.#store = store;
    this.#order = order;
    this.#log = log;
  }

  /** What is committed by now is announced soon. */
  look(): void {
    this.#wanted = true;
    this.#reading ??= this.#read();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#wanted = false;
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      while (this.#wanted) {
        this.#wanted = false;
        const events = await this.#store.sql.all<LogEvent>(next, [this.#order.announced, page]);
        this.#order.announce(events);
        this.#wanted ||= events.length === page;
      }
    } catch (err) {
      this.#log.warn({ err }, "could not read what is new in the log of events; trying again");
    } finally {
      this.#reading = null;
    }
  }
}

const next = `SELECT * FROM "Event" WHERE "id" > ? ORDER BY "id" LIMIT ?`;
