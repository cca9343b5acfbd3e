import { isAllowed } from "../../auth/policy.ts";
import { requireAccount, requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import type { Context } from "../../graphql/context.ts";
import { Network } from "../computers/schema.ts";
import { checkMetadata, choicesOf } from "../spaces/choices.ts";
import { EngineKind, secondsOr, spacesOr } from "../spaces/choices-schema.ts";
import { sessionFor } from "./access.ts";
import { type CreateSessionInput as NewSession, createSession, type Creator } from "./create.ts";
import { deleteSession } from "./delete.ts";
import { moveSession, setState } from "./lifecycle.ts";
import { remixSession } from "./remix.ts";
import { busyTimeoutInWords, Session } from "./schema.ts";
import { defaultBusyTimeoutSeconds, type SessionVerb } from "./session.ts";
import { updateSession } from "./update.ts";

/** What answers where neither the caller nor the space has said it. */
const answersOtherwise = "the only space agent where there is just one, else the gateway's choice";

const CreateSessionInput = builder.inputType("CreateSessionInput", {
  description: "A new session; nothing is needed.",
  fields: (t) => ({
    space: t.id({ description: "Default: `default`." }),
    metadata: t.field({
      type: "JSON",
      description: "A JSON object. `engine`, `network` and `agent` (a space agent's name) in it choose those.",
    }),
    secrets: t.field({ type: "JSON", description: "Names and values, for the environment of its commands." }),
    instructions: t.string({ description: "What it is to be: `/agent/code/instructions.md`, and the system prompt." }),
    busyTimeoutSeconds: t.int({ description: `${busyTimeoutInWords} ${secondsOr(defaultBusyTimeoutSeconds)}` }),
    engine: t.field({
      type: EngineKind,
      description: `What answers messages that name no space agent. ${spacesOr(answersOtherwise)}`,
    }),
    network: t.field({
      type: Network,
      description: `EGRESS needs the permission \`agents:egress\`. ${spacesOr("the gateway's")}`,
    }),
    image: t.string({
      description: "Default: that of the space's latest build, else the space's setting, else the gateway's.",
    }),
  }),
});

const UpdateSessionInput = builder.inputType("UpdateSessionInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({
    space: t.id({ description: "Moves it there, with its files, messages and own secrets; not while it answers." }),
    metadata: t.field({
      type: "JSON",
      description:
        "Replaces all of it, with the engine that it had chosen. Another `network` is refused: it is chosen once.",
    }),
    busyTimeoutSeconds: t.int({ description: busyTimeoutInWords }),
    engine: t.field({ type: EngineKind, description: "What answers from the next message on." }),
    instructions: t.string({ description: "Written to the computer the next time the session gets ready." }),
  }),
});

const RemixSessionInput = builder.inputType("RemixSessionInput", {
  description: "A session made out of another; what is left out is as in the parent.",
  fields: (t) => ({
    space: t.id({ description: "Default: the parent's." }),
    metadata: t.field({ type: "JSON", description: "Default: the parent's." }),
    messages: t.boolean({ description: "Whether it begins with the parent's conversation; default true." }),
  }),
});

const DeletedSession = builder.objectRef<{ id: string }>("DeletedSession").implement({
  description: "What is left of a deleted session.",
  fields: (t) => ({ id: t.exposeID("id") }),
});

const verbs: Readonly<Record<SessionVerb, string>> = {
  pause: "Freezes the session's computer: nothing in it is lost. What it answers fails.",
  suspend: "Stops the session's computer and frees its memory; its files stay. What it answers fails.",
  resume: "Lets a paused or suspended session go on. It is INIT until its computer runs.",
  close: "Removes the session's container; files and messages stay. What it answers fails.",
  restore: "Opens a closed session again, with its files and messages. It is INIT until its computer runs.",
};

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true });
  const moving = (verb: SessionVerb) =>
    t.field({
      type: Session,
      description: verbs[verb],
      args: { id },
      resolve: async (_root, args, context) =>
        moveSession(context.gateway, (await sessionFor(context, args.id, "update")).id, verb),
    });
  return {
    createSession: t.field({
      type: Session,
      description: "Creates a session. It is INIT until its computer runs, and can be sent messages at once.",
      args: { input: t.arg({ type: CreateSessionInput }) },
      resolve: (_root, { input }, context) => {
        const asked = input ?? {};
        return createSession(context.gateway, mayCreate(context, asked), asked);
      },
    }),
    updateSession: t.field({
      type: Session,
      description: "Changes a session.",
      args: { id, input: t.arg({ type: UpdateSessionInput, required: true }) },
      resolve: async (_root, { id: sessionId, input }, context) => {
        const session = await sessionFor(context, sessionId, "update");
        const space = input.space ?? session.spaceName;
        if (space !== session.spaceName) requireNewIn(context, space);
        return updateSession(context.gateway, session.id, input, { mayEgress: mayEgress(context, space) });
      },
    }),
    setSessionState: t.field({
      type: Session,
      description: "Moves the session to a state by name, where that is a legal move.",
      args: {
        id,
        state: t.arg.string({ required: true, description: "INIT, IDLE, BUSY, PAUSED, SUSPENDED or CLOSED" }),
      },
      resolve: async (_root, { id: sessionId, state }, context) =>
        setState(context.gateway, (await sessionFor(context, sessionId, "update")).id, state),
    }),
    pauseSession: moving("pause"),
    suspendSession: moving("suspend"),
    resumeSession: moving("resume"),
    closeSession: moving("close"),
    restoreSession: moving("restore"),
    remixSession: t.field({
      type: Session,
      description:
        "Makes a new session out of this one, with a copy of its files, its conversation and its own secrets. For those " +
        "who may send it messages, and may create sessions in the space of the new one.",
      args: { id, input: t.arg({ type: RemixSessionInput }) },
      resolve: async (_root, { id: parentId, input }, context) => {
        const creator = requireAccount(context);
        const parent = await sessionFor(context, parentId, "get");
        const space = input?.space ?? parent.spaceName;
        const mayHere = isAllowed(creator, "create", "sessions", { space });
        // One's own may be remixed where it is by those who may make nothing else there.
        const isOwnPlace = input?.space == null && parent.createdById === creator.id;
        if (!mayHere && !isOwnPlace) requireNewIn(context, space);
        // A copy does what it is told by whoever has it: its files and its own secrets can be read there.
        await sessionFor(context, parentId, "create", "messages");
        const rights = { mayEgress: mayEgress(context, space), spaceSecrets: mayHere };
        return remixSession(context.gateway, parent, creator, input ?? {}, rights);
      },
    }),
    deleteSession: t.field({
      type: DeletedSession,
      description: "Deletes a session with its messages, secrets, container and volume.",
      args: { id },
      resolve: async (_root, args, context) =>
        deleteSession(context.gateway, (await sessionFor(context, args.id, "delete")).id),
    }),
  };
});

/** @throws FORBIDDEN or NOT_FOUND unless the caller may make such a session there. */
function mayCreate(context: Context, input: NewSession): Creator {
  const account = requireAccount(context);
  const space = input.space ?? "default";
  requireNewIn(context, space);
  const { network } = choicesOf(checkMetadata(input.metadata), null, input.network);
  if (network === "EGRESS") requireAllowed(context, "egress", "agents", { space }, { kind: "Space", name: space });
  return account;
}

const requireNewIn = (context: Context, space: string) =>
  requireAllowed(context, "create", "sessions", { space }, { kind: "Space", name: space });

const mayEgress = ({ principal }: Context, space: string) => isAllowed(principal, "egress", "agents", { space });
