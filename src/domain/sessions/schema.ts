import type { Gateway } from "../../gateway.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import type { Session as SessionRow } from "../../store/generated/client/client.ts";
import { SessionState as states } from "../../store/generated/client/enums.ts";
import { containerName, volumeName } from "../computers/computer.ts";
import { Computer, Network } from "../computers/schema.ts";
import { secretNamesOf } from "../secrets/owned.ts";
import { maySeeAccount, ServiceAccount } from "../service-accounts/schema.ts";
import { EngineKind } from "../spaces/choices-schema.ts";
import { maySee } from "./access.ts";
import { ownerOf } from "./environment.ts";

export const SessionState = builder.enumType("SessionState", {
  description:
    "`INIT` gets ready · `IDLE` waits for a message · `BUSY` answers · `PAUSED` frozen · `SUSPENDED` stopped · " +
    "`CLOSED` without a container, its files and messages kept",
  values: Object.values(states),
});

export const Session = builder.prismaObject("Session", {
  fields: (t) => ({
    id: t.exposeID("id"),
    space: t.exposeID("spaceName", { description: "The name of the space it lives in." }),
    createdBy: t.field({
      type: ServiceAccount,
      nullable: true,
      description: "Null when the account is gone or hidden from the caller; the name is in `createdByName`.",
      select: (_args, _context, nested) => ({ createdBy: nested() }),
      resolve: ({ createdBy }, _args, { principal }) =>
        createdBy && maySeeAccount(principal, createdBy.id) ? createdBy : null,
    }),
    createdByName: t.exposeString("createdByName"),
    state: t.expose("state", { type: SessionState }),
    metadata: t.expose("metadata", { type: "JSON" }),
    parentId: t.exposeID("parentId", { nullable: true, description: "Outlives the parent." }),
    engine: t.expose("engine", {
      type: EngineKind,
      nullable: true,
      description:
        "Null means: a space agent where one is meant, and else the gateway's choice. With EXTERNAL its messages wait for " +
        "those who may send to it: they read `responses(status: PENDING)` and end them with `updateResponse`.",
    }),
    busyTimeoutSeconds: t.exposeInt("busyTimeoutSeconds", {
      description: "Busy for so long, what it answers fails and it waits again.",
    }),
    busyFrom: t.expose("busyFrom", { type: "DateTime", nullable: true, description: "Since when it answers." }),
    buildId: t.exposeID("buildId", { nullable: true, description: "The build whose image its computer has." }),
    lastError: t.exposeString("lastError", { nullable: true, description: "Why it cannot work." }),
    computer: t.relation("computer", { type: Computer, description: "The container and volume behind it." }),
    containerId: t.string({
      nullable: true,
      description: "The name of its container; null while there is none.",
      select: { computer: { select: { id: true, generation: true, phase: true } } },
      resolve: ({ computer }) => (hasContainer(computer) ? containerName(computer) : null),
    }),
    volumeId: t.string({
      nullable: true,
      description: "The name of the volume that keeps its files; null until it is made.",
      select: { computer: { select: { id: true, volumeReady: true } } },
      resolve: ({ computer }) => (computer.volumeReady ? volumeName(computer.id) : null),
    }),
    network: t.field({
      type: Network,
      select: { computer: { select: { network: true } } },
      resolve: ({ computer }) => computer.network,
    }),
    image: t.string({
      select: { computer: { select: { image: true } } },
      resolve: ({ computer }, _args, { gateway }) => computer.image ?? gateway.config.agentImage,
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
    resolve: async ({ parentId }, _args, context) => {
      if (parentId === null) return null;
      const read = (ids: readonly string[]) => sessionsById(context.gateway, ids);
      const parent = await context.loader("sessions", read).load(parentId);
      return parent && maySee(context.principal, parent) ? parent : null;
    },
  }),
);

/** A container is made from the moment its generation is counted until it is removed. */
const hasContainer = ({ generation, phase }: { readonly generation: number; readonly phase: string }) =>
  generation > 0 && phase !== "ABSENT";

async function sessionsById({ store }: Gateway, ids: readonly string[]): Promise<(SessionRow | null)[]> {
  const rows = await store.session.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

export const SessionConnection = connectionOf("Session", Session);
