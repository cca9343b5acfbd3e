import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import { whenThere } from "../../graphql/remembered.ts";
import { SessionState as states } from "../../store/generated/client/enums.ts";
import { containerName, volumeName } from "../computers/computer.ts";
import { computerById } from "../computers/remembered.ts";
import { Computer, Network } from "../computers/schema.ts";
import { secretNamesOf } from "../secrets/owned.ts";
import { ServiceAccount, shownAccount } from "../service-accounts/schema.ts";
import { EngineKind } from "../spaces/choices-schema.ts";
import { maySee } from "./access.ts";
import { ownerOf } from "./environment.ts";
import { sessionById } from "./remembered.ts";

/** What the timeout of a session does, wherever it is shown or set. */
export const busyTimeoutInWords =
  "After this many seconds in BUSY what it answers fails and the session is IDLE again.";

export const SessionState = builder.enumType("SessionState", {
  description:
    "`INIT` gets ready · `IDLE` waits for a message · `BUSY` answers · `PAUSED` frozen · `SUSPENDED` stopped · " +
    "`CLOSED` without a container, its files and messages kept",
  values: Object.values(states),
});

export const Session = builder.prismaObject("Session", {
  extensions: { isRemembered: true },
  fields: (t) => ({
    id: t.exposeID("id"),
    space: t.exposeID("spaceName", { description: "The name of the space it lives in." }),
    createdBy: t.field({
      type: ServiceAccount,
      nullable: true,
      description: "Null when the account is gone or hidden from the caller; the name is in `createdByName`.",
      resolve: ({ createdById }, _args, context) => shownAccount(context, createdById),
    }),
    createdByName: t.exposeString("createdByName"),
    state: t.expose("state", { type: SessionState }),
    metadata: t.expose("metadata", { type: "JSON" }),
    parentId: t.exposeID("parentId", { nullable: true, description: "Stays when the parent is gone." }),
    engine: t.expose("engine", {
      type: EngineKind,
      nullable: true,
      description:
        "What answers messages that name no space agent. Null means: the only space agent where there is just one, else " +
        "the gateway's choice. With EXTERNAL its messages wait for those who may send to it: they read " +
        "`responses(status: PENDING)` and end them with `updateResponse`.",
    }),
    busyTimeoutSeconds: t.exposeInt("busyTimeoutSeconds", { description: busyTimeoutInWords }),
    busyFrom: t.expose("busyFrom", { type: "DateTime", nullable: true, description: "Since when it answers." }),
    buildId: t.exposeID("buildId", { nullable: true, description: "The build whose image its computer has." }),
    lastError: t.exposeString("lastError", {
      nullable: true,
      description: "Why its computer was given up; null when it was not. Resuming the session clears it.",
    }),
    computer: t.field({
      type: Computer,
      description: "The container and volume behind it.",
      resolve: ({ computerId }, _args, context) => computerById(context, computerId),
    }),
    containerId: t.string({
      nullable: true,
      description: "The name of its container; null while there is none.",
      resolve: ({ computerId }, _args, context) =>
        whenThere(computerById(context, computerId), (computer) =>
          hasContainer(computer) ? containerName(computer) : null,
        ),
    }),
    volumeId: t.string({
      nullable: true,
      description: "The name of the volume that keeps its files; null until it is made.",
      resolve: ({ computerId }, _args, context) =>
        whenThere(computerById(context, computerId), ({ volumeReady }) =>
          volumeReady ? volumeName(computerId) : null,
        ),
    }),
    network: t.field({
      type: Network,
      resolve: ({ computerId }, _args, context) =>
        whenThere(computerById(context, computerId), ({ network }) => network),
    }),
    image: t.string({
      resolve: ({ computerId }, _args, context) =>
        whenThere(computerById(context, computerId), ({ image }) => image ?? context.gateway.config.agentImage),
    }),
    startedAt: t.expose("startedAt", {
      type: "DateTime",
      nullable: true,
      description: "When its computer first ran.",
    }),
    lastActivityAt: t.expose("lastActivityAt", {
      type: "DateTime",
      nullable: true,
      description: "When it last got a message, answered one or changed state.",
    }),
    terminatedAt: t.expose("terminatedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was closed; null again once it is restored.",
    }),
    terminationReason: t.exposeString("terminationReason", { nullable: true, description: "Why it was closed." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    secretNames: t.stringList({
      description: "The keys of its own secrets.",
      resolve: (session, _args, context) =>
        context
          .loader("sessionSecretNames", (sessions: readonly { id: string; spaceName: string }[]) =>
            secretNamesOf(context.gateway, sessions.map(ownerOf)),
          )
          .load(session),
    }),
  }),
});

builder.objectField(Session, "parent", (t) =>
  t.field({
    type: Session,
    nullable: true,
    description: "What it was remixed from; null when that is gone or hidden from the caller.",
    resolve: ({ parentId }, _args, context) =>
      parentId === null
        ? null
        : whenThere(sessionById(context, parentId), (parent) =>
            parent && maySee(context.principal, parent) ? parent : null,
          ),
  }),
);

/** A container is made from the moment its generation is counted until it is removed. */
const hasContainer = ({ generation, phase }: { readonly generation: number; readonly phase: string }) =>
  generation > 0 && phase !== "ABSENT";

export const SessionConnection = connectionOf("Session", Session);
