import { notFound } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, EngineKind, Prisma } from "../../store/generated/client/client.ts";
import { checkTimeout, replacedChoices } from "../spaces/choices.ts";
import { checkTags } from "./agent.ts";
import { changeAgent } from "./change.ts";
import { checkText } from "../../text.ts";

/** What may be changed of an agent; absent and `null` mean: leave as it is (document C, "Update agent"). */
export interface UpdateAgentInput {
  readonly metadata?: unknown;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
  readonly idleTimeoutSeconds?: number | null;
  readonly busyTimeoutSeconds?: number | null;
  /** Takes effect with the next response. */
  readonly engine?: EngineKind | null;
  /** Written to the computer the next time the agent gets ready. */
  readonly instructions?: string | null;
  /** Runs once, the next time the agent gets ready. */
  readonly setup?: string | null;
}

/**
 * Changes an agent. A changed timeout counts from the same moment as the old one did.
 *
 * @throws BAD_USER_INPUT naming the field, NOT_FOUND when the agent is gone.
 */
export async function updateAgent(gateway: Gateway, id: string, input: UpdateAgentInput): Promise<Agent> {
  const data = columnsOf(input);
  const agent = await commit(gateway, async (unit) => {
    const choices = await choiceColumns(unit, id, input);
    if (input.tags) await replaceTags(unit, id, input.tags);
    return changeAgent(unit, { id }, { ...data, ...choices, lastActivityAt: unit.at });
  });
  if (!agent) throw notFound("Agent", id);
  return agent;
}

function columnsOf(input: UpdateAgentInput): Prisma.AgentUpdateManyMutationInput {
  const { description, tags, idleTimeoutSeconds, busyTimeoutSeconds, instructions, setup } = input;
  for (const field of ["description", "instructions", "setup"] as const) checkText(field, input[field]);
  if (tags) checkTags(tags);
  if (idleTimeoutSeconds != null) checkTimeout("idleTimeoutSeconds", idleTimeoutSeconds);
  if (busyTimeoutSeconds != null) checkTimeout("busyTimeoutSeconds", busyTimeoutSeconds);
  return {
    ...(description == null ? {} : { description }),
    ...(tags ? { tags: [...tags] } : {}),
    ...(idleTimeoutSeconds == null ? {} : { idleTimeoutSeconds }),
    ...(busyTimeoutSeconds == null ? {} : { busyTimeoutSeconds }),
    ...(instructions == null ? {} : { instructions, prepared: false }),
    ...(setup == null ? {} : { setup, setupStatus: "PENDING", prepared: false }),
  };
}

/** Nothing of an agent that is gone. */
async function choiceColumns({ tx }: Unit, id: string, input: UpdateAgentInput) {
  if (input.metadata == null && input.engine == null) return {};
  const agent = await tx.agent.findUnique({ where: { id }, include: { computer: { select: { network: true } } } });
  return agent ? replacedChoices({ ...agent, network: agent.computer.network }, input) : {};
}

async function replaceTags(unit: Unit, agentId: string, tags: readonly string[]): Promise<void> {
  await unit.tx.agentTag.deleteMany({ where: { agentId } });
  const data = [...new Set(tags)].map((tag) => ({ agentId, tag }));
  const exists = await unit.tx.agent.count({ where: { id: agentId } });
  if (exists > 0 && data.length > 0) await unit.tx.agentTag.createMany({ data });
}
