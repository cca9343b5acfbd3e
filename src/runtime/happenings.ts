import type { RuntimeEvent } from "./runtime.ts";

/** Tells every follower what happened, from the call of `follow` on; nothing is missed and nothing repeated. */
export class Happenings {
  readonly #followers = new Set<(event: RuntimeEvent) => void>();

  tell(event: RuntimeEvent): void {
    for (const take of this.#followers) take(event);
  }

  /** Begins with `first` and ends when the signal aborts. */
  follow(first: readonly RuntimeEvent[], signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const coming = [...first];
    let wake = () => {};
    const take = (event: RuntimeEvent) => {
      coming.push(event);
      wake();
    };
    if (!signal.aborted) this.#followers.add(take);
    signal.addEventListener("abort", () => {
      this.#followers.delete(take);
      wake();
    });
    return (async function* () {
      while (!signal.aborted) {
        const event = coming.shift();
        if (event) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })();
  }
}
