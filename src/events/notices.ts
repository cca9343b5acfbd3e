import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { Logger } from "pino";

/** What gateways on one PostgreSQL database tell each other: short texts, for those who listen at the moment. */
export interface Notices {
  /** Tells the others after what they were told before; lost while there is no connection, or when too much waits. */
  send(text: string): void;
  /** Sends what waits, and listens no more. */
  close(): Promise<void>;
}

/** Its methods must return at once. */
export interface NoticeListener {
  /** Another gateway said this; one connection has one `sender`, and its texts come in order. */
  heard(text: string, sender: number): void;
  /** Listens, for the first time or again: nothing that was said before was heard. */
  connected(): void;
}

/** How many bytes a notice may have (PostgreSQL's NOTIFY: fewer than 8000). */
export const longestNotice = 7999;

const channel = "raworc_events";
const mostWaiting = 1000;
const mostAtOnce = 100;
const reconnectMs = 1000;
const waits = { connectionTimeoutMillis: 10_000, query_timeout: 10_000, keepAlive: true };
/** As `pg_stat_activity` shows it. */
const application_name = "raworc-gateway notices";

/** In their order. PostgreSQL tells only once what is said twice in one transaction: no two texts may be the same. */
const notify = `SELECT pg_notify('${channel}', text) FROM unnest($1::text[]) WITH ORDINALITY AS said(text, place)
  ORDER BY place`;

/**
 * Listens and speaks on a connection of its own, which is made again whenever it breaks. Resolves when the first
 * attempt has ended, well or not.
 */
export async function openNotices(url: string, listener: NoticeListener, log: Logger): Promise<Notices> {
  const closing = new AbortController();
  const tried = Promise.withResolvers<void>();
  const outbox = new Outbox();
  const connected = (client: Client) => {
    outbox.client = client;
    tried.resolve();
    listener.connected();
  };
  const keepConnected = async () => {
    while (!closing.signal.aborted) {
      await listenUntilBroken(url, listener, connected, closing.signal).catch((err: unknown) =>
        log.warn({ err }, "no connection for the announcements of other gateways; trying again"),
      );
      outbox.client = null;
      tried.resolve();
      await delay(reconnectMs, undefined, { signal: closing.signal }).catch(() => undefined); // or closed
    }
  };
  const kept = keepConnected();
  await tried.promise;
  return {
    send: (text) => outbox.send(text),
    async close() {
      await outbox.sent();
      closing.abort();
      await kept;
    },
  };
}

/** Notices on their way: those that come while others are being sent go together. */
class Outbox {
  #client: Client | null = null;
  #waiting: string[] = [];
  #sending: Promise<void> | null = null;

  set client(client: Client | null) {
    this.#client = client;
    this.#waiting = [];
  }

  send(text: string): void {
    if (!this.#client) return;
    if (this.#waiting.length >= mostWaiting) this.#waiting = [];
    this.#waiting.push(text);
    this.#sending ??= this.#sendAll(this.#client);
  }

  /** Resolves when nothing is on its way. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  async #sendAll(client: Client): Promise<void> {
    try {
      while (this.#client === client && this.#waiting.length > 0) {
        await client.query(notify, [this.#waiting.splice(0, mostAtOnce)]);
      }
    } catch {
      await client.end(); // broken or too slow; whoever keeps it connected sees it end
    } finally {
      this.#sending = null;
    }
  }
}

/** Resolves when the signal aborts. @throws what the connection broke with. */
async function listenUntilBroken(
  url: string,
  listener: NoticeListener,
  connected: (client: Client) => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({ connectionString: url, application_name, ...waits });
  const { promise: broken, resolve: end, reject: fail } = Promise.withResolvers<void>();
  broken.catch(() => undefined); // it may break while it is being made, which then fails as well
  client.on("error", fail).once("end", end);
  signal.addEventListener("abort", () => end(), { once: true });
  try {
    await client.connect();
    const { rows } = await client.query<{ self: number }>("SELECT pg_backend_pid() AS self");
    client.on("notification", ({ payload = "", processId }) => {
      if (processId !== rows[0]?.self) listener.heard(payload, processId);
    });
    await client.query(`LISTEN ${channel}`);
    connected(client);
    await broken;
  } finally {
    await client.end();
  }
}
