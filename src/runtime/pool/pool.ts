import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { GatewayError, notFound } from "../../errors.ts";
import { Happenings } from "../happenings.ts";
import { HostAbsence, type PortableRuntime } from "../hosts.ts";
import { Host, type HostKeeper, type NamedRuntime } from "./host.ts";

const mostPlaces = 20_000;

/** What a pool is made of. */
export interface PoolOptions {
  /** In the order in which they are asked; at least one, all of one kind, names that differ. */
  readonly hosts: readonly NamedRuntime[];
  /**
   * The host of the computer that a container or a volume is named after; `null` where it has none yet, or is gone.
   * What it says once is remembered: nothing moves to another host.
   *
   * @throws {GatewayError} UNAVAILABLE where there is one, but it is not known which.
   */
  readonly hostOf: (name: string) => Promise<string | null>;
  readonly recognise: HostKeeper["recognise"];
  readonly log: Logger;
}

/** The hosts, what has been heard of them, and who has what. */
export class Pool {
  readonly hosts: readonly Host[];
  readonly happenings = new Happenings();
  readonly closed = new AbortController();
  readonly #hostOf: PoolOptions["hostOf"];
  readonly #places = new LRUCache<string, string>({ max: mostPlaces });

  readonly #log: Logger;

  constructor({ hosts, hostOf, recognise, log }: PoolOptions) {
    this.#hostOf = hostOf;
    this.#log = log;
    const changed = ({ name, isAway, reason, cause }: Host) => {
      if (isAway) log.error({ host: name, cause }, `host "${name}" ${reason}`);
      else log.info({ host: name }, "a host answers again");
      // Whatever was left undone on one that is back is looked at now.
      this.happenings.tell(isAway ? { kind: "lost", host: name } : { kind: "connected" });
    };
    this.hosts = hosts.map((named) => new Host(named, { recognise, changed }));
  }

  /** Those that answer now: each is asked but those known to be away, which are watched anyway. */
  async answering(): Promise<readonly Host[]> {
    const asked = this.hosts.filter((host) => !host.isAway);
    const answers = await Promise.all(asked.map((host) => host.answers()));
    return asked.filter((_host, place) => answers[place]);
  }

  /**
   * The host that has a container or a volume; `null` where none has.
   *
   * @throws {GatewayError} UNAVAILABLE for one that is no longer among them.
   */
  async hostOf(name: string): Promise<Host | null> {
    const place = this.#places.get(name) ?? (await this.#hostOf(name));
    if (place === null) return null;
    this.place(name, place);
    return this.named(place);
  }

  /** @throws {GatewayError} UNAVAILABLE where there is none of that name. */
  named(name: string): Host {
    const host = this.hosts.find((each) => each.name === name);
    if (host) return host;
    throw new HostAbsence(`Host "${name}" is not among those of this gateway; ${addIt}`, { state: "notStarted" });
  }

  /** Remembers who has it. */
  place(name: string, host: string): void {
    this.#places.set(name, host);
  }

  /** @throws {GatewayError} NOT_FOUND where no host has it. */
  async at(container: string): Promise<Host> {
    const host = await this.hostOf(container);
    if (!host) throw notFound("Container", container);
    return host;
  }

  /**
   * Asks one thing of every host. One that is unavailable is left out: the others go on without it.
   *
   * @throws {GatewayError} UNAVAILABLE when all are.
   */
  async ofEach<T>(what: string, ask: (runtime: PortableRuntime, host: Host) => Promise<T>) {
    const asked = this.hosts.map(async (host) => {
      try {
        return { host, found: await host.call((runtime) => ask(runtime, host)) };
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== "UNAVAILABLE") throw error;
        if (!host.isAway) this.warn(host, what, error);
        return null;
      }
    });
    const found = (await Promise.all(asked)).filter((each) => each !== null);
    if (found.length === 0) throw this.noneAnswers();
    return found;
  }

  namesOf = (hosts: readonly Host[]) => hosts.map(({ name }) => `"${name}"`).join(", ");

  noneAnswers = () => new HostAbsence(`None of the hosts ${this.namesOf(this.hosts)} answers`, { state: "notStarted" });

  warn(host: Host, what: string, err: unknown): void {
    this.#log.warn({ err, host: host.name, call: what }, "a host could not do what the others did");
  }

  close(): void {
    this.closed.abort();
    for (const host of this.hosts) host.close();
  }
}

const addIt = "add it to RAWORC_DOCKER_HOSTS again, and start the gateway again";
