import { GatewayError } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { latestImage } from "../builds/build.ts";
import { copySecrets } from "../secrets/owned.ts";
import { checkMetadata, choicesOf } from "../spaces/choices.ts";
import { computerLimitsOf } from "../spaces/settings.ts";
import { copyConversation } from "./conversation.ts";
import { type Creator, insertSession, spaceForNewSession } from "./create.ts";
import { ownerOf } from "./environment.ts";

export interface RemixSessionInput {
  readonly space?: string | null;
  readonly metadata?: unknown;
  /** Whether the child begins with the parent's conversation; it does unless told otherwise. */
  readonly messages?: boolean | null;
}

/** What the caller holds in the space of the child. */
export interface RemixRights {
  /** May give sessions a network. */
  readonly mayEgress: boolean;
  /** May have sessions that use the secrets of the space. */
  readonly spaceSecrets: boolean;
}

/**
 * Makes a session out of another: a copy of its volume, conversation, instructions and own secrets. The parent is
 * only read, also while it rests or answers.
 *
 * @throws FORBIDDEN for a network that is asked for and not permitted, NOT_FOUND for an unknown space.
 */
export async function remixSession(
  gateway: Gateway,
  parent: Session,
  creator: Creator,
  input: RemixSessionInput,
  { mayEgress, spaceSecrets }: RemixRights,
): Promise<Session> {
  const metadata = checkMetadata(input.metadata ?? parent.metadata);
  const asked = choicesOf(checkMetadata(input.metadata)).network;
  if (asked === "EGRESS" && !mayEgress) throw new GatewayError("FORBIDDEN", "You may not give sessions a network");
  return commit(gateway, async (unit) => {
    const target = await spaceForNewSession(unit, input.space ?? parent.spaceName);
    const space = target.name;
    const of = await unit.tx.computer.findUniqueOrThrow({ where: { id: parent.computerId } });
    const hasAgents = parent.buildId !== null || space !== parent.spaceName;
    const build = hasAgents ? await latestImage(unit.tx, space) : null;
    const copyFrom = { id: parent.computerId, code: true, content: true };
    const network = asked ?? (mayEgress ? of.network : "NONE");
    const child = await insertSession(
      unit,
      { space, image: build?.image ?? of.image, network, limits: computerLimitsOf(target), copyFrom },
      creator,
      {
        metadata,
        parentId: parent.id,
        engine: choicesOf(metadata).engine ?? parent.engine,
        instructions: parent.instructions,
        prepared: parent.instructions === null,
        busyTimeoutSeconds: parent.busyTimeoutSeconds,
        usesSpaceSecrets: spaceSecrets,
        buildId: build?.id ?? (space === parent.spaceName ? parent.buildId : null),
      },
    );
    await copySecrets(unit, ownerOf(parent), ownerOf(child));
    return input.messages === false ? child : copyConversation(unit, parent, child);
  });
}
