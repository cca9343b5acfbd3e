import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import { BuildStatus as statuses } from "../../store/generated/client/enums.ts";
import { type BuiltAgent, builtAgentsOf, type Manifest } from "./build.ts";
import { linesOf } from "./lines.ts";

export const BuildStatus = builder.enumType("BuildStatus", {
  description: "`PENDING` waits its turn · `BUILDING` · and then one of three for good.",
  values: Object.values(statuses),
});

const AgentManifest = builder.objectRef<Manifest>("AgentManifest").implement({
  description: "What a repository's `raworc.json` says of its agent, with what it leaves out filled in.",
  fields: (t) => ({
    runtime: t.exposeString("runtime", { description: "`python3` or `node`." }),
    handler: t.exposeString("handler", { description: "A module and a function in it." }),
    buildCommand: t.exposeString("buildCommand", { nullable: true, description: "What makes the agent ready." }),
    description: t.exposeString("description", { nullable: true }),
    purpose: t.exposeString("purpose", { nullable: true, description: "What it is for." }),
    capabilities: t.stringList({
      description: "What it can do, in its own words.",
      resolve: ({ capabilities }) => [...capabilities],
    }),
  }),
});

const BuiltAgentType = builder.objectRef<BuiltAgent>("BuiltAgent").implement({
  description: "What became of one space agent in a build.",
  fields: (t) => ({
    name: t.exposeString("name"),
    sourceRepo: t.string({
      nullable: true,
      description: "Where it was to be fetched from.",
      resolve: ({ sourceRepo }) => sourceRepo,
    }),
    sourceBranch: t.string({
      nullable: true,
      description: "The branch or tag.",
      resolve: ({ sourceBranch }) => sourceBranch,
    }),
    commit: t.exposeString("commit", { nullable: true, description: "What was taken; null until it was." }),
    manifest: t.field({
      type: AgentManifest,
      nullable: true,
      description: "What its repository says of it; null until it was read.",
      resolve: ({ manifest }) => manifest,
    }),
    error: t.exposeString("error", { nullable: true, description: "Why it was left out; null for one that was not." }),
  }),
});

export const Build = builder.prismaObject("Build", {
  description: "The making of the image of a space's agents.",
  fields: (t) => ({
    id: t.exposeID("id"),
    space: t.exposeID("spaceName", { description: "The name of the space." }),
    status: t.expose("status", { type: BuildStatus }),
    image: t.exposeString("image", {
      nullable: true,
      description: "`raworc_space_{space}:{id}` once it is made; null also for a space without agents.",
    }),
    agents: t.field({
      type: [BuiltAgentType],
      description: "The agents of the space when it began; empty until then.",
      select: { agents: true },
      resolve: (build) => builtAgentsOf(build),
    }),
    error: t.exposeString("error", { nullable: true, description: "Why it failed or was cancelled." }),
    logs: t.string({
      description: "What was printed so far; lines are kept as long as events are.",
      complexity: 20,
      select: { id: true },
      resolve: ({ id }, _args, context) =>
        context.loader("logs of builds", (ids: readonly string[]) => linesOf(context.gateway.store, ids)).load(id),
    }),
    createdBy: t.exposeString("createdByName", {
      nullable: true,
      description: "The user name of who caused it; null for the gateway itself.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    startedAt: t.expose("startedAt", { type: "DateTime", nullable: true }),
    completedAt: t.expose("completedAt", { type: "DateTime", nullable: true, description: "When it ended." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

export const BuildConnection = connectionOf("Build", Build);
