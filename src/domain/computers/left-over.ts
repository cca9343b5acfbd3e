import type { Gateway } from "../../gateway.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { containerName } from "./computer.ts";

/** A computer in its container of one generation. */
export type Made = Pick<Computer, "id" | "generation">;

/**
 * Ends the commands that a gateway process which died left running, once in each container. A response that had
 * ended by then (cancelled, or put to sleep with its agent) would otherwise leave its command behind for ever.
 */
export interface LeftOver {
  /** True when only this process can have commands in the container. */
  isGone(computer: Made): boolean;
  /** Nothing of an earlier process runs in a container that this one has started. */
  started(computer: Made): void;
  /** @throws UNAVAILABLE when some commands could not be ended. */
  end(computer: Made): Promise<void>;
  /** Nothing is kept of a computer that is removed. */
  forget(id: string): void;
}

/** Remembers for this process where there can be none left. */
export function createLeftOver({ runtime }: Pick<Gateway, "runtime">): LeftOver {
  /** The newest generation of each computer: those before it have no container any more. */
  const clean = new Map<string, number>();
  const isGone = ({ id, generation }: Made) => clean.get(id) === generation;
  const started = ({ id, generation }: Made) => void clean.set(id, generation);
  return {
    isGone,
    started,
    async end(computer) {
      if (isGone(computer)) return;
      await runtime.killCommands(containerName(computer));
      started(computer);
    },
    forget: (id) => void clean.delete(id),
  };
}
