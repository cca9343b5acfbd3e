import type { Delta, LogEvent } from "./event.ts";
import type { Tail, TailListener } from "./tail.ts";

/**
 * The tail of a gateway that runs alone: a call for each listener of the stream, and for each of `*`.
 *
 * What a listener throws goes to `report`: neither the writer nor another reader can do anything about it.
 */
export function createMemoryTail(report: (error: unknown) => void = throwLater): Tail {
  const listenersByStream = new Map<string, Set<TailListener>>();

  const announce = (stream: string, call: (listener: TailListener) => void) => {
    for (const listener of listenersByStream.get(stream) ?? []) attempt(listener, call);
    for (const listener of listenersByStream.get("*") ?? []) attempt(listener, call);
  };
  const attempt = (listener: TailListener, call: (listener: TailListener) => void) => {
    try {
      call(listener);
    } catch (error) {
      report(error);
    }
  };

  return {
    publish(events: readonly LogEvent[]) {
      for (const event of events) announce(event.stream, (listener) => listener.event(event));
    },
    publishDelta(delta: Delta) {
      announce(delta.stream, (listener) => listener.delta?.(delta));
    },
    subscribe(stream, listener) {
      const listeners = listenersByStream.get(stream) ?? new Set();
      listenersByStream.set(stream, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && listenersByStream.get(stream) === listeners) listenersByStream.delete(stream);
      };
    },
    async close() {
      listenersByStream.clear();
    },
  };
}

/** Outside the writer's call, where it ends the process as any bug does. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
