import { conflict, GatewayError } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { EngineKind, Prisma, ResponseStatus, Session } from "../../store/generated/client/client.ts";
import { checkText } from "../../text.ts";
import { emitComputer } from "../computers/service.ts";
import { moveSecrets } from "../secrets/owned.ts";
import { checkTimeout, replacedChoices } from "../spaces/choices.ts";
import { changeSession, holdSession } from "./change.ts";
import { spaceForNewSession } from "./create.ts";
import { ownerOf } from "./environment.ts";

/** What may be changed of a session; absent and `null` mean: leave as it is (document A, "Sessions"). */
export interface UpdateSessionInput {
  /** The session moves there with its files, messages and own secrets. */
  readonly space?: string | null;
  readonly metadata?: unknown;
  readonly busyTimeoutSeconds?: number | null;
  /** Takes effect with the next message. */
  readonly engine?: EngineKind | null;
  /** Told to a model from the next message on; written to the computer the next time the session gets ready. */
  readonly instructions?: string | null;
}

/**
 * Changes a session. One that moves to another space keeps its computer; commands find the secrets of the new space
 * from then on. `mayEgress` says whether the caller may give sessions of the new space a network.
 *
 * @throws BAD_USER_INPUT naming the field, CONFLICT for a move while something is unfinished, FORBIDDEN for one with a
 *   network that the caller may not give, NOT_FOUND.
 */
export async function updateSession(
  gateway: Gateway,
  id: string,
  input: UpdateSessionInput,
  { mayEgress }: { readonly mayEgress: boolean },
): Promise<Session> {
  const data = columnsOf(input);
  return commit(gateway, async (unit) => {
    const session = await holdSession(unit, id);
    const choices = await choiceColumns(unit, session, input);
    const moves = input.space != null && input.space !== session.spaceName;
    if (moves) await moveTo(unit, session, input.space ?? "", mayEgress);
    const spaceName = moves ? { spaceName: input.space ?? "" } : {};
    return (await changeSession(unit, { id }, { ...data, ...choices, ...spaceName })) ?? session;
  });
}

function columnsOf(input: UpdateSessionInput): Prisma.SessionUncheckedUpdateManyInput {
  const { busyTimeoutSeconds, instructions } = input;
  checkText("instructions", instructions);
  if (busyTimeoutSeconds != null) checkTimeout("busyTimeoutSeconds", busyTimeoutSeconds);
  return {
    ...(busyTimeoutSeconds == null ? {} : { busyTimeoutSeconds }),
    ...(instructions == null ? {} : { instructions, prepared: false }),
  };
}

async function choiceColumns({ tx }: Unit, session: Session, input: UpdateSessionInput) {
  if (input.metadata == null && input.engine == null) return {};
  const { network } = await tx.computer.findUniqueOrThrow({ where: { id: session.computerId } });
  return replacedChoices({ ...session, network }, input);
}

/** What is answered now has the secrets of the old space: it ends there. */
async function moveTo(unit: Unit, session: Session, space: string, mayEgress: boolean): Promise<void> {
  const { tx } = unit;
  await spaceForNewSession(unit, space);
  const unfinished = { respondentId: session.id, status: { in: ["PENDING", "PROCESSING"] satisfies ResponseStatus[] } };
  if (session.state === "BUSY" || (await tx.response.count({ where: unfinished })) > 0) {
    throw conflict(`Session "${session.id}" cannot move to another space while it is answering`, {
      state: session.state,
    });
  }
  const { network } = await tx.computer.findUniqueOrThrow({ where: { id: session.computerId } });
  if (network === "EGRESS" && !mayEgress) {
    throw new GatewayError("FORBIDDEN", `You may not give sessions of space "${space}" a network`, { field: "space" });
  }
  await moveSecrets(unit, ownerOf(session), ownerOf({ ...session, spaceName: space }));
  const data = { space, updatedAt: unit.at };
  const computer = await tx.computer.update({ where: { id: session.computerId }, data });
  await emitComputer(unit, "computer.changed", computer);
}
