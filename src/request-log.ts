import type { FastifyBaseLogger } from "fastify";

type Level = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/**
 * The log of one request, which names it in every line. Its pino child is made with the first line: that takes longer
 * than all else that surrounds a request, for what it is given is looked through for secrets, and few have a line.
 */
export class RequestLog implements FastifyBaseLogger {
  readonly #root: FastifyBaseLogger;
  readonly #bindings: object;
  #made: FastifyBaseLogger | undefined;

  constructor(root: FastifyBaseLogger, bindings: object) {
    this.#root = root;
    this.#bindings = bindings;
  }

  get level(): string {
    return this.#root.level;
  }

  get #log(): FastifyBaseLogger {
    return (this.#made ??= this.#root.child({ ...this.#bindings }));
  }

  #say(level: Level, said: readonly unknown[]): void {
    Reflect.apply(this.#log[level], this.#log, said);
  }

  fatal(...said: readonly unknown[]): void {
    this.#say("fatal", said);
  }
  error(...said: readonly unknown[]): void {
    this.#say("error", said);
  }
  warn(...said: readonly unknown[]): void {
    this.#say("warn", said);
  }
  info(...said: readonly unknown[]): void {
    this.#say("info", said);
  }
  debug(...said: readonly unknown[]): void {
    this.#say("debug", said);
  }
  trace(...said: readonly unknown[]): void {
    this.#say("trace", said);
  }
  silent(...said: readonly unknown[]): void {
    this.#say("silent", said);
  }

  child(...given: Parameters<FastifyBaseLogger["child"]>): FastifyBaseLogger {
    return this.#log.child(...given);
  }
}
