import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import type { LogEvent } from "../../events/event.ts";
import type { Build, BuildStatus, Prisma } from "../../store/generated/client/client.ts";
import { type BuiltAgent, buildStream, isTerminal } from "./build.ts";

/** Every event of a build's stream. `created` comes first and, once it has ended, one of the last three last. */
export type BuildEventType =
  | "build.created"
  | "build.started"
  | "build.log"
  | "build.completed"
  | "build.failed"
  | "build.cancelled";

/** What every event of a build but `build.log` says: the build as it now is. */
export interface BuildFacts {
  readonly id: string;
  readonly spaceName: string;
  readonly status: BuildStatus;
  readonly image: string | null;
  readonly agents: readonly BuiltAgent[];
  readonly error: string | null;
}

/** The build that an event is about; written below. */
export const buildFactsOf = (event: Pick<LogEvent, "payload">) => event.payload as unknown as BuildFacts;

const eventOf = {
  PENDING: "build.created",
  BUILDING: "build.started",
  COMPLETED: "build.completed",
  FAILED: "build.failed",
  CANCELLED: "build.cancelled",
} as const satisfies Record<BuildStatus, BuildEventType>;

/** Writes the event that says where a build now stands. */
export function emitBuild(unit: Unit, build: Build): Promise<void> {
  const { leaseOwner: _owner, leaseUntil: _until, epoch: _epoch, ...payload } = build;
  const [stream, type] = [buildStream(build.id), eventOf[build.status]];
  return unit.emit({ stream, type, space: build.spaceName, payload: asPayload(payload) });
}

/**
 * Moves a build to a status if it still is as `where` says, with its event; `null` when it is not. The one way to
 * change a status, so a build has exactly one terminal event.
 */
export async function moveBuild(
  unit: Unit,
  where: Prisma.BuildWhereInput,
  status: BuildStatus,
  columns: Prisma.BuildUpdateManyMutationInput = {},
): Promise<Build | null> {
  const ended = isTerminal(status) ? { completedAt: unit.at, leaseOwner: null, leaseUntil: null } : {};
  const data = { ...columns, ...ended, status, updatedAt: unit.at };
  const [build] = await unit.tx.build.updateManyAndReturn({ where, data });
  if (!build) return null;
  await emitBuild(unit, build);
  return build;
}
