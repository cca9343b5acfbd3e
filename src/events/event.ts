import type { JsonObject } from "../json.ts";

/** One line of the log as readers get it. */
export interface LogEvent {
  /** Gapless and commit-ordered over all streams: a cursor over everything. */
  readonly id: bigint;
  readonly stream: string;
  /** Gapless within the stream, from 1. */
  readonly seq: number;
  readonly type: string;
  readonly payload: JsonObject;
  readonly actor: string | null;
  readonly space: string | null;
  /** The account that made the agent or session it is about; they see it without a role. */
  readonly ownerId: string | null;
  /** What one must be able to list to see it, where the stream's kind alone does not say. */
  readonly partOf: PartOf | null;
  readonly at: Date;
}

/** An event about to be written; the log gives it its place and time. */
export interface NewEvent {
  readonly stream: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly space?: string | null;
  readonly ownerId?: string | null;
  readonly partOf?: PartOf;
}

/** A response and its events are part of an agent's or of a session's work. */
export type PartOf = "agents" | "sessions";

/** Passing text for those who watch now: never in the table, without a seq, lost when nobody listens. */
export interface Delta {
  readonly stream: string;
  readonly delta: JsonObject;
}
