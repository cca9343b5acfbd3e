import type { Reaction, Unit } from "../../events/commit.ts";
import type { NewEvent } from "../../events/event.ts";
import type { Build, SpaceAgent } from "../../store/generated/client/client.ts";
import { builtAgentsOf } from "../builds/build.ts";
import { computerOf } from "../computers/service.ts";
import { spaceOf } from "../spaces/space.ts";
import { changeSpaceAgents } from "./change.ts";
import { deleteSpaceAgentsOf } from "./delete.ts";
import { statusesOutsideBuilds } from "./space-agent.ts";

/** What happens to a build, a computer or a space happens to its agents in the same transaction. */
export const spaceAgentReactions: readonly Reaction[] = [
  { to: ["build.started"], react: beginBuild },
  {
    to: ["build.completed"],
    react: (unit, event) => endBuild(unit, event, ({ errors, name }) => errors.get(name) ?? null),
  },
  {
    to: ["build.failed"],
    react: (unit, event) =>
      endBuild(unit, event, ({ errors, name, build }) => errors.get(name) ?? build.error ?? "The build failed"),
  },
  { to: ["build.cancelled"], react: (unit, event) => endBuild(unit, event, () => null) },
  {
    to: ["computer.running"],
    react: (unit, event) => ofComputer(unit, event, { status: "RUNNING", lastError: null }),
  },
  {
    to: ["computer.died"],
    react: (unit, event) =>
      ofComputer(unit, event, { status: "ERROR", lastError: `${reasonOf(event)}; it is started again` }),
  },
  {
    to: ["computer.failed"],
    react: (unit, event) =>
      ofComputer(unit, event, { status: "ERROR", lastError: `${reasonOf(event)}; it is given up, deploy it again` }),
  },
  { to: ["space.deleted"], react: (unit, event) => deleteSpaceAgentsOf(unit, spaceOf(event).name) },
];

async function beginBuild(unit: Unit, event: NewEvent): Promise<void> {
  const { spaceName } = buildOf(event);
  await changeSpaceAgents(unit, { spaceName, status: { notIn: [...statusesOutsideBuilds] } }, { status: "BUILDING" });
}

/** What is known of an agent at the end of a build. */
interface AtEnd {
  readonly name: string;
  readonly build: EndedBuild;
  /** Why agents were left out, by name. */
  readonly errors: ReadonlyMap<string, string | null>;
}

async function endBuild(unit: Unit, event: NewEvent, errorOf: (at: AtEnd) => string | null): Promise<void> {
  const build = buildOf(event);
  if (build.startedAt === null) return; // it was cancelled while it waited, and another one may be going on
  const errors = new Map(builtAgentsOf(build).map(({ name, error }) => [name, error]));
  const waiting = await unit.tx.spaceAgent.findMany({ where: { spaceName: build.spaceName, status: "BUILDING" } });
  for (const { id, name } of waiting) {
    const lastError = errorOf({ name, build, errors });
    const status = lastError === null ? "ACTIVE" : "ERROR";
    await changeSpaceAgents(unit, { id, status: "BUILDING" }, { status, lastError });
  }
}

type EndedBuild = Pick<Build, "spaceName" | "agents" | "error" | "startedAt">;

const buildOf = (event: NewEvent) => event.payload as unknown as EndedBuild; // the build's row, as its room writes it

const ofComputer = async (unit: Unit, event: NewEvent, data: Pick<SpaceAgent, "status" | "lastError">) => {
  const where = {
    computerId: computerOf(event).id,
    OR: [{ status: { not: data.status } }, { lastError: { not: data.lastError } }],
  };
  await changeSpaceAgents(unit, where, data);
};

const reasonOf = (event: NewEvent) => `Its computer failed: ${computerOf(event).lastError ?? "for no known reason"}`;
