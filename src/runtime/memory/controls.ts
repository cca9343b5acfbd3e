import { unavailable } from "../../errors.ts";
import type { RuntimeCargo } from "../hosts.ts";
import type { ContainerSpec, Runtime, RuntimeFiles } from "../runtime.ts";

/** A call of the port that a test can count, break or stop at. */
export type RuntimeMethod =
  | Exclude<keyof Runtime, "kind" | "hosts" | "files" | "images" | "events" | "close">
  | `images.${"open" | "list" | "remove" | "addFolder" | "run" | "commit"}`
  | `files.${keyof RuntimeFiles}`
  | `cargo.${keyof RuntimeCargo}`;

/** Call it to let the held calls go on. */
export interface Hold {
  (): void;
  /** Resolves once a call has come and waits. */
  readonly reached: Promise<void>;
}

/** What tests do to a world that is real otherwise. */
export interface MemoryControls {
  /** Lets a running container's main process end by itself; its commands are lost and events tell of it. */
  die(container: string, options?: { readonly outOfMemory?: boolean }): void;
  /** Lets a container's main process, which does nothing by itself, print a line. */
  print(container: string, line: string): void;
  /** What a container was made from. */
  specOf(container: string): ContainerSpec;
  /**
   * Takes the engine away: running commands are lost, every call throws UNAVAILABLE and events fall silent,
   * until it is back and announces `connected`. Containers go on, and what dies meanwhile is never announced.
   */
  away(isAway: boolean): void;
  /** Makes the next call of a method throw; given several times, the next several. */
  failNext(method: RuntimeMethod, error: Error): void;
  /** Stops every call of a method before it does anything, until the hold is called. */
  hold(method: RuntimeMethod): Hold;
  /** How often a method was called, whatever came of it. */
  calls(method: RuntimeMethod): number;
}

/** What every call of the memory runtime passes first. */
export class Gate {
  readonly #counts = new Map<RuntimeMethod, number>();
  readonly #failures = new Map<RuntimeMethod, Error[]>();
  readonly #holds = new Map<RuntimeMethod, { readonly arrived: () => void; readonly released: Promise<void> }>();
  isAway = false;

  async pass(method: RuntimeMethod): Promise<void> {
    this.#counts.set(method, this.calls(method) + 1);
    const hold = this.#holds.get(method);
    hold?.arrived();
    await hold?.released;
    const failure = this.#failures.get(method)?.shift();
    if (failure) throw failure;
    if (this.isAway) throw unavailable("The container engine cannot be reached");
  }

  failNext(method: RuntimeMethod, error: Error): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  hold(method: RuntimeMethod): Hold {
    const arrival = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const hold = { arrived: arrival.resolve, released: release.promise };
    this.#holds.set(method, hold);
    const letGo = () => {
      if (this.#holds.get(method) === hold) this.#holds.delete(method);
      release.resolve();
    };
    return Object.assign(letGo, { reached: arrival.promise });
  }

  calls(method: RuntimeMethod): number {
    return this.#counts.get(method) ?? 0;
  }
}

/** The same files, behind the gate. */
export function gated(files: RuntimeFiles, pass: (method: RuntimeMethod) => Promise<void>): RuntimeFiles {
  return {
    list: async (...call) => pass("files.list").then(() => files.list(...call)),
    stat: async (...call) => pass("files.stat").then(() => files.stat(...call)),
    read: async (...call) => pass("files.read").then(() => files.read(...call)),
    write: async (...call) => pass("files.write").then(() => files.write(...call)),
    remove: async (...call) => pass("files.remove").then(() => files.remove(...call)),
  };
}

/** The same cargo, behind the gate. */
export function gatedCargo(cargo: RuntimeCargo, pass: (method: RuntimeMethod) => Promise<void>): RuntimeCargo {
  return {
    readVolume: async (...call) => pass("cargo.readVolume").then(() => cargo.readVolume(...call)),
    fillVolume: async (...call) => pass("cargo.fillVolume").then(() => cargo.fillVolume(...call)),
    readImage: async (...call) => pass("cargo.readImage").then(() => cargo.readImage(...call)),
    loadImage: async (...call) => pass("cargo.loadImage").then(() => cargo.loadImage(...call)),
  };
}
