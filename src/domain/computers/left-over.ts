import type { Gateway } from "../../gateway.ts";

/**
 * Ends the commands that a gateway process which died left running, once in each container. A response that had
 * ended by then (cancelled, or put to sleep with its agent) would otherwise leave its command behind for ever.
 */
export interface LeftOver {
  /** True when only this process can have commands in the container. */
  isGone(container: string): boolean;
  /** Nothing of an earlier process runs in a container that this one has started. */
  started(container: string): void;
  /** @throws UNAVAILABLE when some commands could not be ended. */
  end(container: string): Promise<void>;
}

/** Remembers for this process where there can be none left. */
export function createLeftOver({ runtime }: Pick<Gateway, "runtime">): LeftOver {
  const clean = new Set<string>();
  return {
    isGone: (container) => clean.has(container),
    started: (container) => void clean.add(container),
    async end(container) {
      if (clean.has(container)) return;
      await runtime.killCommands(container);
      clean.add(container);
    },
  };
}
