import { GatewayError } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { copySecrets } from "../secrets/owned.ts";
import { checkMetadata, choicesOf } from "../spaces/choices.ts";
import { computerLimitsOf } from "../spaces/settings.ts";
import { checkAgentName } from "./agent.ts";
import { promptAgent } from "./change.ts";
import { type Creator, insertAgent, spaceForNewAgent } from "./create.ts";
import { ownerOf } from "./environment.ts";
import type { PublishPermissions } from "./publish.ts";

export interface RemixAgentInput {
  readonly name: string;
  readonly space?: string | null;
  readonly metadata?: unknown;
  readonly code?: boolean | null;
  readonly secrets?: boolean | null;
  readonly content?: boolean | null;
  readonly prompt?: string | null;
}

/** What the caller holds beside the publication of the parent. */
export interface RemixRights {
  /** May use the parent in every part, as its owner may. */
  readonly wholeParent: boolean;
  /** May have agents that use the secrets of the child's space. */
  readonly spaceSecrets: boolean;
  /** May give agents of the child's space a network. */
  readonly egress: boolean;
}

/**
 * Makes a new agent out of a parent: a copy of its volume, instructions and secrets, as far as asked and permitted.
 * The parent is only read, also while it sleeps or works.
 *
 * @throws FORBIDDEN for a part, or a network, that is asked for and not permitted, CONFLICT when the name is taken.
 */
export async function remixAgent(
  gateway: Gateway,
  parent: Agent,
  creator: Creator,
  rights: RemixRights,
  input: RemixAgentInput,
): Promise<Agent> {
  checkAgentName(input.name);
  const parts = partsToCopy(input, rights.wholeParent ? everything : permissionsOf(parent));
  const columns = columnsOf(parent, input, parts);
  const asked = choicesOf(checkMetadata(input.metadata)).network;
  if (asked === "EGRESS" && !rights.egress) throw new GatewayError("FORBIDDEN", "You may not give agents a network");
  return commit(gateway, async (unit) => {
    const target = await spaceForNewAgent(unit, input.space ?? parent.spaceName);
    const space = target.name;
    const { image, ...of } = await unit.tx.computer.findUniqueOrThrow({ where: { id: parent.computerId } });
    const network = asked ?? (rights.egress ? of.network : "NONE");
    const copyFrom = parts.code || parts.content ? { copyFrom: { id: parent.computerId, ...parts } } : {};
    const child = await insertAgent(
      unit,
      { space, image, network, limits: computerLimitsOf(target), ...copyFrom },
      creator,
      {
        ...columns,
        usesSpaceSecrets: rights.spaceSecrets,
      },
    );
    if (parts.secrets) await copySecrets(unit, ownerOf(parent), ownerOf(child));
    await promptAgent(unit, child, input.prompt);
    return child;
  });
}

/**
 * The parts to copy: all that are permitted, unless the caller leaves one out.
 *
 * @throws FORBIDDEN for a part that is asked for by name and not permitted.
 */
function partsToCopy(asked: RemixAgentInput, permitted: PublishPermissions): PublishPermissions {
  const part = (name: keyof PublishPermissions) => {
    if (asked[name] === true && !permitted[name]) {
      throw new GatewayError("FORBIDDEN", `The "${name}" of this agent may not be remixed`, { field: name });
    }
    return asked[name] ?? permitted[name];
  };
  return { code: part("code"), secrets: part("secrets"), content: part("content") };
}

const everything: PublishPermissions = { code: true, secrets: true, content: true };

/** What a published agent permits others to take along. */
export const permissionsOf = (agent: Agent): PublishPermissions => ({
  code: agent.publishCode,
  secrets: agent.publishSecrets,
  content: agent.publishContent,
});

function columnsOf(parent: Agent, input: RemixAgentInput, parts: PublishPermissions) {
  const metadata = checkMetadata(input.metadata ?? parent.metadata);
  const choices = choicesOf(metadata);
  const isSetUp = parent.setupStatus === "DONE" && parts.code && parts.content;
  const setup = parts.code ? parent.setup : null;
  const instructions = parts.code ? parent.instructions : null;
  const setupStatus = setup === null ? "NONE" : isSetUp ? "DONE" : "PENDING";
  return {
    name: input.name,
    description: parent.description,
    metadata,
    tags: parent.tags as string[], // checked when the parent was made
    instructions,
    setup,
    setupStatus,
    prepared: setupStatus !== "PENDING" && instructions === null,
    idleTimeoutSeconds: parent.idleTimeoutSeconds,
    busyTimeoutSeconds: parent.busyTimeoutSeconds,
    engine: choices.engine ?? parent.engine,
    parentId: parent.id,
    parentName: parent.name,
  } as const;
}
