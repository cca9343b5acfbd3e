import type { Store, Transaction } from "../store/store.ts";
import type { Committer } from "./commit.ts";
import type { LogEvent } from "./event.ts";
import { type FollowOptions, followStream } from "./follow.ts";
import { headOf } from "./read.ts";

/** What something was after an event of its stream. */
export interface Placed<State> {
  readonly state: State;
  readonly place: bigint;
}

/** Something whose state is told by every event of a stream. */
export interface Told<State> {
  readonly stream: string;
  /** Its state now; `null` when it is gone. */
  readonly read: (tx: Transaction) => Promise<State | null>;
  /** Its state after an event: `"gone"` ends it, `"same"` has nothing to show. */
  readonly after: (event: LogEvent) => State | "gone" | "same";
}

/** The state as it is now, unless a place is given, and as it is after every change from there on. */
export async function* followState<State extends object>(
  gateway: Pick<Committer, "store" | "tail">,
  told: Told<State>,
  after: bigint | null,
  signal: AbortSignal,
  options: FollowOptions,
): AsyncGenerator<Placed<State>, void, undefined> {
  let from = after;
  if (from === null) {
    const { state, place } = await stateNow(gateway.store, told);
    if (!state) return;
    yield { state, place };
    from = place;
  }
  for await (const followed of followStream(gateway, told.stream, from, signal, options)) {
    if (followed.kind === "delta") continue;
    const state = told.after(followed.event);
    if (state === "gone") return;
    if (state !== "same") yield { state, place: BigInt(followed.event.seq) };
  }
}

/** The state and the place in the stream are read in one snapshot, so no change is shown twice or missed. */
const stateNow = <State>(store: Store, { stream, read }: Told<State>) =>
  store.transact(async (tx) => ({ state: await read(tx), place: await headOf(tx, stream) }), { oneSnapshot: true });
