import type { Principal } from "../auth/principal.ts";
import { requirePrincipal } from "./authorize.ts";
import type { Context } from "./context.ts";
import type { LiveSequence, Watched } from "./live.ts";
import type { Payload } from "./payload.ts";

/** Where the results of one subscription go. */
export interface Outlet {
  /** False while so much waits that the reader must be served at its own pace. */
  hasRoom(): boolean;
  write(payload: Payload): void;
  /** Writes, and resolves once it has left. */
  send(payload: Payload): Promise<void>;
}

/** What one reader wants to see of a live sequence, and where it goes. */
export interface Subscription<T> {
  readonly sequence: LiveSequence<T>;
  /** Subscriptions of the same selection show a value to one viewer in the same bytes. */
  readonly selection: string;
  readonly show: (value: T, context: Context) => Payload | Promise<Payload>;
  readonly outlet: Outlet;
}

/** Whoever serves a reader until it ends. */
interface Server<T> {
  leave(reader: Reader<T>): void;
}

/** One subscription while it lasts. */
export class Reader<T> {
  readonly context: Context;
  readonly watched: Watched<T>;
  readonly show: Subscription<T>["show"];
  readonly outlet: Outlet;
  /** As whom it came; who they are now is looked at elsewhere. */
  readonly principal: Principal;
  /** All up to here was handed out; `null` before anything was. */
  position: bigint | null;
  /** What of the passing was handed out last since then. */
  passed: object | null = null;
  /** Resolves at its end, and rejects with what was lost. */
  readonly ended: Promise<void>;
  readonly #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
  readonly #server: Server<T>;
  readonly #onGone = () => this.end();
  #isOver = false;

  constructor({ sequence, show, outlet }: Subscription<T>, server: Server<T>) {
    const { promise, ...settle } = Promise.withResolvers<void>();
    const { context, watched } = sequence;
    this.context = context;
    this.watched = watched;
    this.show = show;
    this.outlet = outlet;
    this.principal = requirePrincipal(context);
    this.position = watched.shared?.after ?? null;
    this.ended = promise;
    this.#settle = settle;
    this.#server = server;
    promise.catch(() => undefined); // whoever waits is told; often nobody does any more
    context.signal.addEventListener("abort", this.#onGone);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it, with what was lost if anything was. May be repeated. */
  end(error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.context.signal.removeEventListener("abort", this.#onGone);
    this.#server.leave(this);
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }

  /** Notes that all up to a place was handed out. */
  reach(place: bigint): void {
    if (this.position !== null && place <= this.position) return;
    this.position = place;
    this.passed = null;
  }
}
