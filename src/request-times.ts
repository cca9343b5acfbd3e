import { AggregatorRegistry, Histogram, Registry } from "prom-client";

/** What a request was; `route` is a pattern, so that names do not become labels. */
export interface RequestKind {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/** Requests of one kind. */
interface Timed {
  readonly registry: Registry;
  readonly seconds: Histogram;
}

/**
 * How long requests took. Each kind has a histogram without labels: of one with labels the library makes a text of them
 * for each request and looks that up, which takes a tenth of a short read.
 */
export class RequestTimes {
  readonly #kinds = new Map<string, Map<string, Map<number, Timed>>>();

  observe({ method, route, status }: RequestKind, seconds: number): void {
    const ofRoute = inserted(this.#kinds, route, () => new Map<string, Map<number, Timed>>());
    const ofMethod = inserted(ofRoute, method, () => new Map<number, Timed>());
    inserted(ofMethod, status, () => timed({ method, route, status })).seconds.observe(seconds);
  }

  /** All kinds as one histogram with labels. */
  async read(): Promise<Registry> {
    const kinds = [...this.#kinds.values()].flatMap((ofRoute) =>
      [...ofRoute.values()].flatMap((ofMethod) => [...ofMethod.values()]),
    );
    return AggregatorRegistry.aggregate(await Promise.all(kinds.map(({ registry }) => registry.getMetricsAsJSON())));
  }
}

function timed(kind: RequestKind): Timed {
  const registry = new Registry();
  registry.setDefaultLabels(kind);
  const seconds = new Histogram({
    name: "raworc_http_request_seconds",
    help: "Time from request to the end of its answer",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  });
  return { registry, seconds };
}

function inserted<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
