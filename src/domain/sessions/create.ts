import type { AccountPrincipal } from "../../auth/principal.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { EngineKind, Network, Prisma, Session } from "../../store/generated/client/client.ts";
import { checkText } from "../../text.ts";
import { latestImage } from "../builds/build.ts";
import { createComputer, type NewComputer } from "../computers/service.ts";
import { storeSecrets } from "../secrets/owned.ts";
import { checkSecrets } from "../secrets/secret.ts";
import { checkImage, checkMetadata, checkTimeout, choicesOf } from "../spaces/choices.ts";
import { type ActiveSpace, requireActiveSpace, requireRoom } from "../spaces/service.ts";
import { computerLimitsOf } from "../spaces/settings.ts";
import { emitSession } from "./change.ts";
import { ownerOf } from "./environment.ts";
import { defaultBusyTimeoutSeconds } from "./session.ts";

/** Who a session belongs to. */
export type Creator = Pick<AccountPrincipal, "id" | "user">;

/** What a caller may say of a new session. */
export interface CreateSessionInput {
  readonly space?: string | null;
  readonly metadata?: unknown;
  readonly secrets?: unknown;
  readonly instructions?: string | null;
  readonly busyTimeoutSeconds?: number | null;
  readonly engine?: EngineKind | null;
  readonly network?: Network | null;
  readonly image?: string | null;
}

/**
 * Creates a session and orders its computer, of the image asked for, or else that of the space's latest build, or
 * else the space's. It answers from the moment it is IDLE, and keeps what it is sent before.
 *
 * @throws BAD_USER_INPUT naming the field, NOT_FOUND for an unknown space, CONFLICT for an inactive one.
 */
export async function createSession(gateway: Gateway, creator: Creator, input: CreateSessionInput): Promise<Session> {
  checkText("instructions", input.instructions);
  checkImage(input.image);
  if (input.busyTimeoutSeconds != null) checkTimeout("busyTimeoutSeconds", input.busyTimeoutSeconds);
  const secrets = checkSecrets(input.secrets);
  const metadata = checkMetadata(input.metadata);
  const choices = choicesOf(metadata, input.engine, input.network);
  const instructions = input.instructions?.trim() ? input.instructions : null;
  return commit(gateway, async (unit) => {
    const space = await spaceForNewSession(unit, input.space ?? "default");
    const build = input.image == null ? await latestImage(unit.tx, space.name) : null;
    const network = choices.network ?? space.network ?? gateway.config.agentNetwork;
    const computer = {
      space: space.name,
      image: input.image ?? build?.image ?? space.image ?? null,
      network,
      limits: computerLimitsOf(space),
    };
    const session = await insertSession(unit, computer, creator, {
      metadata,
      instructions,
      prepared: instructions === null,
      engine: choices.engine ?? space.engine ?? null,
      busyTimeoutSeconds: input.busyTimeoutSeconds ?? space.busyTimeoutSeconds ?? defaultBusyTimeoutSeconds,
      buildId: build?.id ?? null,
    });
    await storeSecrets(unit, ownerOf(session), secrets);
    return session;
  });
}

/**
 * The space that one more session is put into, held until the change is made.
 *
 * @throws NOT_FOUND for an unknown one, CONFLICT for an inactive or a full one.
 */
export async function spaceForNewSession(unit: Unit, name: string): Promise<ActiveSpace> {
  const space = await requireActiveSpace(unit.tx, name);
  await requireRoom(space, "maxSessions", () => unit.tx.session.count({ where: { spaceName: name } }));
  return space;
}

/** The columns of a new session that a caller or its parent chooses. */
export type SessionColumns = Omit<
  Prisma.SessionUncheckedCreateInput,
  "id" | "spaceName" | "computerId" | "createdByName" | "createdById" | "createdAt" | "updatedAt"
>;

/** Adds a session and its computer inside a change. */
export async function insertSession(unit: Unit, computer: NewComputer, creator: Creator, columns: SessionColumns) {
  const { tx, at, gateway } = unit;
  const { id: computerId } = await createComputer(unit, computer);
  const session = await tx.session.create({
    data: {
      ...columns,
      id: gateway.newId(),
      spaceName: computer.space,
      computerId,
      createdById: creator.id,
      createdByName: creator.user,
      createdAt: at,
      updatedAt: at,
    },
  });
  await emitSession(unit, "session.created", session);
  return session;
}
