import { AggregatorRegistry, Histogram, Registry } from "prom-client";

/** What a request was; `route` is a pattern, so that names do not become labels. */
export interface RequestKind {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/**
 * How long requests took. Each kind has a histogram without labels: of one with labels the library makes a text of them
 * for each request and looks that up, which takes a tenth of a short read.
 */
export class RequestTimes {
  readonly #kinds = new Map<string, Map<string, Map<number, Histogram>>>();
  readonly #registries: Registry[] = [];

  observe({ method, route, status }: RequestKind, seconds: number): void {
    const ofRoute = inserted(this.#kinds, route, () => new Map<string, Map<number, Histogram>>());
    const ofMethod = inserted(ofRoute, method, () => new Map<number, Histogram>());
    inserted(ofMethod, status, () => this.#begin({ method, route, status })).observe(seconds);
  }

  /** All kinds as one histogram with labels. */
  async read(): Promise<Registry> {
    return AggregatorRegistry.aggregate(await Promise.all(this.#registries.map((one) => one.getMetricsAsJSON())));
  }

  #begin(kind: RequestKind): Histogram {
    const registry = new Registry();
    registry.setDefaultLabels(kind);
    this.#registries.push(registry);
    return new Histogram({
      name: "raworc_http_request_seconds",
      help: "Time from request to the end of its answer",
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers: [registry],
    });
  }
}

function inserted<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
