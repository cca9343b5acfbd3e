import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Tail } from "./events/tail.ts";
import { type RequestKind, RequestTimes } from "./request-times.ts";

/** What Prometheus reads. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Counts one HTTP request. */
  countRequest(kind: RequestKind, seconds: number): void;
  close(): void;
}

/** A number that is looked up whenever Prometheus asks. */
export interface Measure {
  readonly name: string;
  readonly help: string;
  readonly value: () => Promise<number>;
}

let known: Registry | undefined;

/**
 * What is true of the process, whatever gateways it has had. The library watches the process for as long as it lives,
 * and would keep whole gateways that have ended if the two were in one registry. It wakes the process a hundred times a
 * second for that, so it begins when somebody first asks.
 */
function ofProcess(): Registry {
  if (known) return known;
  known = new Registry();
  collectDefaultMetrics({ register: known });
  return known;
}

/** Makes the metrics of one gateway: those of the process, of HTTP, of the log of events, and what else is measured. */
export function createMetrics(tail: Tail, measures: readonly Measure[]): Metrics {
  const registry = new Registry();
  const requests = new RequestTimes();
  const events = new Counter({
    name: "raworc_events_total",
    help: "Events of the log, by type, since the start: on PostgreSQL those of all gateways on the database",
    labelNames: ["type"],
    registers: [registry],
  });
  for (const { name, help, value } of measures) {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await value().catch(() => Number.NaN)); // the others are told all the same
      },
    });
  }
  const stopCounting = tail.subscribe("*", { event: ({ type }) => events.inc({ type }) });
  return {
    contentType: registry.contentType,
    text: async () => Registry.merge([ofProcess(), registry, await requests.read()]).metrics(),
    countRequest: (kind, seconds) => requests.observe(kind, seconds),
    close: stopCounting,
  };
}
