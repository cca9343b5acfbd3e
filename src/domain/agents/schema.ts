import type { Gateway } from "../../gateway.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import { whenThere } from "../../graphql/remembered.ts";
import { AgentState as states, SetupStatus as setups } from "../../store/generated/client/enums.ts";
import { currentRunMs, ranMs } from "../computers/computer.ts";
import { computerById } from "../computers/remembered.ts";
import { Computer, Network } from "../computers/schema.ts";
import { ServiceAccount, shownAccount } from "../service-accounts/schema.ts";
import { EngineKind } from "../spaces/choices-schema.ts";
import { maySee, maySeeInside } from "./access.ts";
import { nextDeadline } from "./agent.ts";
import { agentById } from "./remembered.ts";
import { permissionsOf } from "./remix.ts";
import type { PublishPermissions } from "./publish.ts";
import { secretNamesOf } from "../secrets/owned.ts";
import { ownerOf } from "./environment.ts";

/** What the timeouts of an agent do, wherever they are shown or set. */
export const idleTimeoutInWords = "After this many seconds in IDLE the agent goes to sleep.";
export const busyTimeoutInWords = "After this many seconds in BUSY its response fails and the agent goes to sleep.";

export const AgentState = builder.enumType("AgentState", {
  description: "`INIT` gets ready · `IDLE` waits · `BUSY` answers · `SLEPT` frozen or stopped, its files kept",
  values: Object.values(states),
});

const SetupStatus = builder.enumType("SetupStatus", {
  description: "How far the set-up script has come; `NONE` when there is none.",
  values: Object.values(setups),
});

const PublishPermissionsType = builder.objectRef<PublishPermissions>("PublishPermissions").implement({
  description: "Which parts of a published agent others may remix.",
  fields: (t) => ({
    code: t.exposeBoolean("code"),
    secrets: t.exposeBoolean("secrets"),
    content: t.exposeBoolean("content"),
  }),
});

const AgentRuntime = builder.objectRef<{ totalSeconds: number; currentSeconds: number }>("AgentRuntime").implement({
  description: "How long the agent's computer has held memory.",
  fields: (t) => ({
    totalSeconds: t.exposeInt("totalSeconds", { description: "All runs together." }),
    currentSeconds: t.exposeInt("currentSeconds", { description: "The present run; 0 while it is stopped." }),
  }),
});

export const Agent = builder.prismaObject("Agent", {
  extensions: { isRemembered: true },
  fields: (t) => ({
    id: t.exposeID("id"),
    name: t.exposeID("name"),
    space: t.exposeID("spaceName", { description: "The name of the space it lives in." }),
    createdBy: t.field({
      type: ServiceAccount,
      nullable: true,
      description: "Null when the account is gone or hidden from the caller; the name is in `createdByName`.",
      resolve: ({ createdById }, _args, context) => shownAccount(context, createdById),
    }),
    createdByName: t.exposeString("createdByName"),
    state: t.expose("state", { type: AgentState }),
    description: t.exposeString("description", { nullable: true }),
    parentName: t.exposeString("parentName", { nullable: true, description: "Stays when the parent is gone." }),
    metadata: t.expose("metadata", { type: "JSON" }),
    tags: t.stringList({
      extensions: { isToldByRow: true },
      resolve: ({ tags }) => tags as string[], // checked when they were stored
    }),
    isPublished: t.exposeBoolean("isPublished"),
    publishedAt: t.expose("publishedAt", { type: "DateTime", nullable: true }),
    publishedBy: t.exposeString("publishedBy", { nullable: true }),
    publishPermissions: t.field({
      type: PublishPermissionsType,
      description: "What others may remix while it is published.",
      extensions: { isToldByRow: true },
      resolve: permissionsOf,
    }),
    idleTimeoutSeconds: t.exposeInt("idleTimeoutSeconds", { description: idleTimeoutInWords }),
    busyTimeoutSeconds: t.exposeInt("busyTimeoutSeconds", { description: busyTimeoutInWords }),
    idleFrom: t.expose("idleFrom", {
      type: "DateTime",
      nullable: true,
      description: "Since when it waits; null unless IDLE.",
    }),
    busyFrom: t.expose("busyFrom", {
      type: "DateTime",
      nullable: true,
      description: "Since when it answers; null unless BUSY.",
    }),
    sleepsAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it falls asleep if nothing happens; null while nothing is counting.",
      extensions: { isToldByRow: true },
      resolve: (agent) => nextDeadline(agent)?.at ?? null,
    }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    lastActivityAt: t.expose("lastActivityAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was last asked something, woken or changed state.",
    }),
    engine: t.expose("engine", { type: EngineKind, nullable: true, description: "Null means: the gateway's choice." }),
    setupStatus: t.expose("setupStatus", { type: SetupStatus, description: "How far its set-up script has come." }),
    setupOutput: t.string({
      nullable: true,
      description: "What the set-up script printed.",
      // Read by the id, for an agent as an event shows it comes without its long texts.
      resolve: (agent, _args, context) =>
        maySeeInside(context.principal, agent)
          ? context.loader("setupOutput", (ids: readonly string[]) => setupOutputs(context.gateway, ids)).load(agent.id)
          : null,
    }),
    lastError: t.string({
      nullable: true,
      description:
        "What went wrong last, such as a set-up script that failed or a computer that was given up; null when nothing " +
        "did, and for those who see it only because it is published. Waking the agent clears it.",
      resolve: (agent, _args, { principal }) => (maySeeInside(principal, agent) ? agent.lastError : null),
    }),
    computer: t.field({
      type: Computer,
      nullable: true,
      description: "The container and volume behind it; null for those who see it only because it is published.",
      resolve: (agent, _args, context) =>
        maySeeInside(context.principal, agent) ? computerById(context, agent.computerId) : null,
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
    runtime: t.field({
      type: AgentRuntime,
      resolve: ({ computerId }, _args, context) =>
        whenThere(computerById(context, computerId), (computer) => runtimeOf(computer, context.gateway.now())),
    }),
    secretNames: t.stringList({
      description: "The keys of the agent's own secrets; empty for those who may not list them.",
      resolve: async (agent, _args, context) =>
        maySeeInside(context.principal, agent)
          ? context
              .loader("agentSecretNames", (agents: readonly { id: string; spaceName: string }[]) =>
                secretNamesOf(context.gateway, agents.map(ownerOf)),
              )
              .load(agent)
          : [],
    }),
  }),
});

builder.prismaObjectField("Agent", "parent", (t) =>
  t.field({
    type: Agent,
    nullable: true,
    description: "What it was remixed from; null when that is gone or hidden from the caller.",
    resolve: ({ parentId }, _args, context) =>
      parentId === null
        ? null
        : whenThere(agentById(context, parentId), (parent) =>
            parent && maySee(context.principal, parent) ? parent : null,
          ),
  }),
);

const runtimeOf = (computer: Parameters<typeof ranMs>[0], now: Date) => ({
  totalSeconds: Math.floor(ranMs(computer, now) / 1000),
  currentSeconds: Math.floor(currentRunMs(computer, now) / 1000),
});

async function setupOutputs({ store }: Pick<Gateway, "store">, ids: readonly string[]): Promise<(string | null)[]> {
  const rows = await store.agent.findMany({ where: { id: { in: [...ids] } }, select: { id: true, setupOutput: true } });
  const outputs = new Map(rows.map(({ id, setupOutput }) => [id, setupOutput]));
  return ids.map((id) => outputs.get(id) ?? null);
}

export const AgentConnection = connectionOf("Agent", Agent);
