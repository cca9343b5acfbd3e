import type { Readable } from "node:stream";
import { type ErrorFacts, GatewayError } from "../errors.ts";
import type { Runtime, VolumeParts } from "./runtime.ts";

/** Several machines with an engine each. What is made on one stays there. */
export interface RuntimeHosts {
  readonly names: readonly string[];
  /** Asks all that are not known to be away; those that do not answer within a few seconds are left out. */
  answering(): Promise<readonly string[]>;
  /** True while one is known not to answer; costs nothing. A name that is none of theirs never answers. */
  isAway(name: string): boolean;
}

/** A runtime that can be one of several: it is told from others, and what it has can be carried to them. */
export interface PortableRuntime extends Runtime {
  /** The same for as long as it has the same volumes, whatever its address; no other one has it. */
  identity(signal?: AbortSignal): Promise<string>;
  readonly cargo: RuntimeCargo;
}

/** UNAVAILABLE for want of a host: the call itself is to blame for nothing, and may be made again when the host is back. */
export class HostAbsence extends GatewayError {
  constructor(message: string, facts: ErrorFacts = {}, cause?: unknown) {
    super("UNAVAILABLE", message, facts, cause);
  }
}

/** Archives between runtimes of one kind. One that is not read to its end must be destroyed. */
export interface RuntimeCargo {
  /** All that is in a volume. NOT_FOUND when there is none. */
  readVolume(volume: string): Promise<Readable>;
  /** Puts parts of such an archive into a volume, as `copyVolume` does. NOT_FOUND when there is none. */
  fillVolume(volume: string, archive: Readable, parts: VolumeParts): Promise<void>;
  /** An image that `images` made; `null` when it is not here, whole. */
  readImage(image: string): Promise<Readable | null>;
  loadImage(image: string, archive: Readable): Promise<void>;
}
