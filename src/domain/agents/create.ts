import { conflict } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { JsonObject } from "../../json.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import type { Agent, EngineKind, Network, Prisma } from "../../store/generated/client/client.ts";
import { createComputer, type NewComputer } from "../computers/service.ts";
import { storeSecrets } from "../secrets/owned.ts";
import { checkSecrets } from "../secrets/secret.ts";
import { checkImage, checkMetadata, checkTimeout, choicesOf } from "../spaces/choices.ts";
import { type ActiveSpace, requireActiveSpace, requireRoom } from "../spaces/service.ts";
import { computerLimitsOf } from "../spaces/settings.ts";
import type { SpaceDefaults } from "../spaces/settings.ts";
import { checkAgentName, checkTags, defaultBusyTimeoutSeconds, defaultIdleTimeoutSeconds, nameKeyOf } from "./agent.ts";
import { emitAgent, promptAgent } from "./change.ts";
import { ownerOf } from "./environment.ts";
import { checkText } from "../../text.ts";

/** Who an agent belongs to. */
export interface Creator {
  readonly id: string | null;
  readonly user: string;
}

/** What a caller may say of a new agent. */
export interface CreateAgentInput {
  readonly name: string;
  readonly space?: string | null;
  readonly description?: string | null;
  readonly metadata?: unknown;
  readonly tags?: readonly string[] | null;
  readonly secrets?: unknown;
  readonly instructions?: string | null;
  readonly setup?: string | null;
  readonly prompt?: string | null;
  readonly idleTimeoutSeconds?: number | null;
  readonly busyTimeoutSeconds?: number | null;
  readonly engine?: EngineKind | null;
  readonly network?: Network | null;
  readonly image?: string | null;
}

/**
 * Creates an agent and orders its computer; it answers from the moment it is IDLE, and keeps what it is asked before.
 *
 * @throws BAD_USER_INPUT naming the field, CONFLICT when the name is taken (in any case of letters),
 *   NOT_FOUND for an unknown space.
 */
export async function createAgent(gateway: Gateway, creator: Creator, input: CreateAgentInput): Promise<Agent> {
  checkAgentName(input.name);
  checkImage(input.image);
  const secrets = checkSecrets(input.secrets);
  const metadata = checkMetadata(input.metadata);
  const choices = choicesOf(metadata, input.engine, input.network);
  const columns = columnsOf(input, metadata);
  return commit(gateway, async (unit) => {
    const space = await spaceForNewAgent(unit, input.space ?? "default");
    const network = choices.network ?? space.network ?? gateway.config.agentNetwork;
    const computer = {
      space: space.name,
      image: input.image ?? space.image ?? null,
      network,
      limits: computerLimitsOf(space),
    };
    const chosen = { ...timeoutsOf(input, space), engine: choices.engine ?? space.engine ?? null };
    const agent = await insertAgent(unit, computer, creator, { ...columns, ...chosen });
    await storeSecrets(unit, ownerOf(agent), secrets);
    await promptAgent(unit, agent, input.prompt);
    return agent;
  });
}

/**
 * The space that one more agent is put into, held until the change is made.
 *
 * @throws NOT_FOUND for an unknown one, CONFLICT for an inactive or a full one.
 */
export async function spaceForNewAgent(unit: Unit, name: string): Promise<ActiveSpace> {
  const space = await requireActiveSpace(unit.tx, name);
  await requireRoom(space, "maxAgents", () => unit.tx.agent.count({ where: { spaceName: name } }));
  return space;
}

/** The columns of a new agent that a caller chooses. */
export type AgentColumns = Omit<
  Prisma.AgentUncheckedCreateInput,
  "id" | "spaceName" | "nameKey" | "computerId" | "createdByName" | "createdById" | "createdAt" | "updatedAt"
>;

/** Adds an agent and its computer inside a change. @throws CONFLICT when the name is taken. */
export async function insertAgent(unit: Unit, computer: NewComputer, creator: Creator, columns: AgentColumns) {
  const { tx, at, gateway } = unit;
  const { id: computerId } = await createComputer(unit, computer);
  const tags = columns.tags as readonly string[]; // checked by whoever made the columns
  const agent = await tx.agent
    .create({
      data: {
        ...columns,
        id: gateway.newId(),
        nameKey: nameKeyOf(columns.name),
        spaceName: computer.space,
        computerId,
        createdById: creator.id,
        createdByName: creator.user,
        createdAt: at,
        updatedAt: at,
        tagIndex: { create: [...new Set(tags)].map((tag) => ({ tag })) },
      },
    })
    .catch((error) => {
      if (isUniqueViolation(error)) throw conflict(`Agent "${columns.name}" already exists`, { field: "name" });
      throw error;
    });
  await emitAgent(unit, "agent.created", agent);
  return agent;
}

function columnsOf(input: CreateAgentInput, metadata: JsonObject): AgentColumns {
  const tags = input.tags ?? [];
  const timeouts = timeoutsOf(input, {});
  for (const field of ["description", "instructions", "setup"] as const) checkText(field, input[field]);
  checkTags(tags);
  checkTimeout("idleTimeoutSeconds", timeouts.idleTimeoutSeconds);
  checkTimeout("busyTimeoutSeconds", timeouts.busyTimeoutSeconds);
  const setup = input.setup?.trim() ? input.setup : null;
  const instructions = input.instructions?.trim() ? input.instructions : null;
  return {
    name: input.name,
    description: input.description ?? null,
    metadata,
    tags: [...tags],
    instructions,
    setup,
    setupStatus: setup === null ? "NONE" : "PENDING",
    prepared: setup === null && instructions === null,
  };
}

/** The timeouts asked for, or else the space's, or else the usual ones. */
const timeoutsOf = (input: CreateAgentInput, space: SpaceDefaults) => ({
  idleTimeoutSeconds: input.idleTimeoutSeconds ?? space.idleTimeoutSeconds ?? defaultIdleTimeoutSeconds,
  busyTimeoutSeconds: input.busyTimeoutSeconds ?? space.busyTimeoutSeconds ?? defaultBusyTimeoutSeconds,
});
