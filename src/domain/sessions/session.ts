import type { Session, SessionState } from "../../store/generated/client/client.ts";

export const defaultBusyTimeoutSeconds = 900;

/** The stream of a session's events. */
export const sessionStream = (id: string) => `session:${id}`;

/** What people do to a session's computer. */
export type SessionVerb = "pause" | "suspend" | "resume" | "close" | "restore";

interface Move {
  readonly from: readonly SessionState[];
  readonly to: SessionState;
  /** Where the verb's goal holds already: it succeeds there and changes nothing. */
  readonly there: readonly SessionState[];
}

const awake = ["INIT", "IDLE", "BUSY"] as const satisfies readonly SessionState[];

/** Every legal move; from any other state the verb makes no sense (design, "Lifecycle"). */
export const moves: Readonly<Record<SessionVerb, Move>> = {
  pause: { from: awake, to: "PAUSED", there: ["PAUSED"] },
  suspend: { from: [...awake, "PAUSED"], to: "SUSPENDED", there: ["SUSPENDED"] },
  resume: { from: ["PAUSED", "SUSPENDED"], to: "INIT", there: awake },
  close: { from: [...awake, "PAUSED", "SUSPENDED"], to: "CLOSED", there: ["CLOSED"] },
  restore: { from: ["CLOSED"], to: "INIT", there: awake },
};

/** When what it answers has taken too long; `null` while it answers nothing. */
export const busyDeadline = ({ state, busyFrom, busyTimeoutSeconds }: Busy): Date | null =>
  state === "BUSY" && busyFrom ? new Date(busyFrom.getTime() + busyTimeoutSeconds * 1000) : null;

type Busy = Pick<Session, "state" | "busyFrom" | "busyTimeoutSeconds">;

/** The columns that go with a state: what counts from when, and why it was closed. */
export function entering(state: SessionState, now: Date) {
  return {
    state,
    busyFrom: state === "BUSY" ? now : null,
    lastActivityAt: now,
    updatedAt: now,
    ...(state === "INIT" ? { lastError: null, terminatedAt: null, terminationReason: null } : {}),
  };
}
