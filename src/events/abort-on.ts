import type { LogEvent } from "./event.ts";
import type { Tail } from "./tail.ts";

/**
 * A signal that aborts when an event of the stream that fits is announced. It only watches from now on: whoever
 * needs to know what was before looks at the store after this call.
 */
export function abortOn(tail: Tail, stream: string, fits: (event: LogEvent) => boolean) {
  const controller = new AbortController();
  const stop = tail.subscribe(stream, {
    event: (event) => {
      if (fits(event)) controller.abort();
    },
  });
  return { signal: controller.signal, stop };
}
