import { z } from "zod";
import { jsonObject, moment } from "../../rest/fields.ts";

export const sessionParams = z.object({ id: z.string().meta({ description: "Session id" }) });

export const sessionStates = ["INIT", "IDLE", "BUSY", "PAUSED", "SUSPENDED", "CLOSED"] as const;

/** Selects the fields of document A, in its order. */
export const sessionFields = /* GraphQL */ `
  fragment RestSession on Session {
    id
    space
    created_by: createdByName
    state
    container_id: containerId
    persistent_volume_id: volumeId
    parent_session_id: parentId
    created_at: createdAt
    started_at: startedAt
    last_activity_at: lastActivityAt
    terminated_at: terminatedAt
    termination_reason: terminationReason
    metadata
  }
`;

export const sessionMetadata = jsonObject("Any JSON object; `engine`, `network` and `agent` in it choose those");

const Session = z
  .object({
    id: z.string().meta({ description: "UUID" }),
    space: z.string().meta({ description: "Space name" }),
    created_by: z.string().meta({ description: "Owner's user name" }),
    state: z.enum(sessionStates),
    container_id: z.string().nullable().meta({ description: "Its container; null while there is none" }),
    persistent_volume_id: z.string().nullable().meta({ description: "Its volume; null until it is made" }),
    parent_session_id: z.string().nullable().meta({ description: "What it was remixed from" }),
    created_at: moment("Creation"),
    started_at: moment("When its computer first ran").nullable(),
    last_activity_at: moment("Last activity").nullable(),
    terminated_at: moment("When it was closed").nullable(),
    termination_reason: z.string().nullable(),
    metadata: sessionMetadata,
  })
  .meta({ id: "Session" });

const MovedSession = Session.extend({ success: z.literal(true) }).meta({ id: "MovedSession" });

const RemixedSession = Session.extend({
  parent_session: z.string().nullable().meta({ description: "The same as `parent_session_id`" }),
}).meta({ id: "RemixedSession" });

const example: z.input<typeof Session> = {
  id: "61549530-3095-4cbf-b379-cd32416f626d",
  space: "default",
  created_by: "admin",
  state: "IDLE",
  container_id: "raworc-0197b5a2-6c1e-7c3a-9d0b-2f3f6f1f0a11-g1",
  persistent_volume_id: "raworc-0197b5a2-6c1e-7c3a-9d0b-2f3f6f1f0a11",
  parent_session_id: null,
  created_at: "2025-01-20T10:00:00.000Z",
  started_at: "2025-01-20T10:01:00.000Z",
  last_activity_at: "2025-01-20T10:05:00.000Z",
  terminated_at: null,
  termination_reason: null,
  metadata: {},
};

type Differences = Partial<typeof example>;

/** How a session begins. */
export const newSession: Differences = {
  state: "INIT",
  container_id: null,
  persistent_volume_id: null,
  started_at: null,
  last_activity_at: null,
};

/** A reply of one session. */
export const sessionReply = (differences: Differences = {}) =>
  ({ kind: "json", schema: Session, example: { ...example, ...differences } }) as const;

/** A reply of many. */
export const sessionsReply = { kind: "json", schema: z.array(Session), example: [example] } as const;

/** A reply to an order: the session as it now is, and that the order was taken. */
export const movedReply = (differences: Differences) =>
  ({ kind: "json", schema: MovedSession, example: { ...example, ...differences, success: true } }) as const;

/** A reply of a session made out of another. */
export const remixedReply = {
  kind: "json",
  schema: RemixedSession,
  example: {
    ...example,
    ...newSession,
    id: "0197b5a2-6c1e-7c3a-9d0b-2f3f6f1f0a12",
    space: "development",
    parent_session_id: example.id,
    parent_session: example.id,
  },
} as const;
