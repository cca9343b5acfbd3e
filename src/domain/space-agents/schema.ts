import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import { whenThere } from "../../graphql/remembered.ts";
import { SpaceAgentStatus as statuses } from "../../store/generated/client/enums.ts";
import { computerById } from "../computers/remembered.ts";
import { Computer, LogLine } from "../computers/schema.ts";
import { checkLines, readLogs } from "./logs.ts";

export const SpaceAgentStatus = builder.enumType("SpaceAgentStatus", {
  description:
    "`ACTIVE` built or to be built · `INACTIVE` left out of builds · `BUILDING` · `RUNNING` deployed · `STOPPED` " +
    "after that · `ERROR` its build or its computer failed",
  values: Object.values(statuses),
});

export const SpaceAgent = builder.prismaObject("SpaceAgent", {
  extensions: { isRemembered: true },
  fields: (t) => ({
    id: t.exposeID("id"),
    space: t.exposeID("spaceName", { description: "The name of the space it belongs to." }),
    name: t.exposeID("name", { description: "Unique in its space." }),
    description: t.exposeString("description", { nullable: true }),
    purpose: t.exposeString("purpose", {
      nullable: true,
      description:
        "What it is good at, for those who choose among agents; the gateway does not choose by it. A message of a " +
        "session goes to the agent that it names first (`@name`), else to the one that `metadata.agent` of the session " +
        "names, else to the only agent there is, where the session has chosen no engine.",
    }),
    sourceRepo: t.exposeString("sourceRepo", { description: "`Owner/repo`, `host/owner/repo` or a URL." }),
    sourceBranch: t.exposeString("sourceBranch", { description: "A branch or tag." }),
    status: t.expose("status", { type: SpaceAgentStatus }),
    lastError: t.exposeString("lastError", { nullable: true, description: "Why its build or its computer failed." }),
    createdByName: t.exposeString("createdByName", { nullable: true, description: "The user name of who made it." }),
    deployedBuild: t.exposeString("deployedBuild", {
      nullable: true,
      description: "The id of the build whose image it is deployed from; null while it is not deployed.",
    }),
    computer: t.field({
      type: Computer,
      nullable: true,
      description: "What it is deployed on; null while it is not deployed.",
      resolve: ({ computerId }, _args, context) => (computerId === null ? null : computerById(context, computerId)),
    }),
    startedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Since when it runs; null unless it is RUNNING.",
      resolve: ({ status, computerId }, _args, context) =>
        status === "RUNNING" && computerId !== null
          ? whenThere(computerById(context, computerId), ({ startedAt }) => startedAt)
          : null,
    }),
    logs: t.field({
      type: [LogLine],
      complexity: 500,
      description: "What its main process printed last, oldest first; empty while it is not deployed.",
      args: { limit: t.arg.int({ defaultValue: 100, description: "How many lines; 1000 at the most." }) },
      resolve: async ({ computerId }, { limit }, context) => {
        const lines = checkLines("limit", limit);
        if (computerId === null) return [];
        return readLogs(context.gateway, await computerById(context, computerId), lines, context.signal);
      },
    }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

export const SpaceAgentConnection = connectionOf("SpaceAgent", SpaceAgent);
