import { requireAccount } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { requireSpaceAgents, spaceAgentFor } from "./access.ts";
import { askSpaceAgent } from "./ask.ts";
import { createSpaceAgent } from "./create.ts";
import { deleteSpaceAgent } from "./delete.ts";
import { deploySpaceAgent } from "./deploy.ts";
import { SpaceAgent } from "./schema.ts";
import { stopSpaceAgent } from "./stop.ts";
import { setSpaceAgentStatus, updateSpaceAgent } from "./update.ts";

const CreateSpaceAgentInput = builder.inputType("CreateSpaceAgentInput", {
  description: "A new agent of a space: code from a git repository with a function that answers messages.",
  fields: (t) => ({
    space: t.id({ required: true }),
    name: t.string({ required: true, description: "2 to 63 letters, digits and `-`; not `running`." }),
    description: t.string(),
    purpose: t.string({ description: "What it is good at." }),
    sourceRepo: t.string({ required: true, description: "`Owner/repo`, `host/owner/repo` or a URL." }),
    sourceBranch: t.string({ description: "A branch or tag; default: `main`." }),
  }),
});

const UpdateSpaceAgentInput = builder.inputType("UpdateSpaceAgentInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({
    description: t.string(),
    purpose: t.string({ description: "What it is good at." }),
    sourceRepo: t.string({ description: "Another one is built into the space's image." }),
    sourceBranch: t.string({ description: "Another one is built into the space's image." }),
  }),
});

const DeletedSpaceAgent = builder.objectRef<{ spaceName: string; name: string }>("DeletedSpaceAgent").implement({
  description: "What is left of a deleted space agent.",
  fields: (t) => ({
    space: t.exposeID("spaceName"),
    name: t.exposeID("name", { description: "A new agent of the space may have this name." }),
  }),
});

builder.mutationFields((t) => {
  const place = { space: t.arg.id({ required: true }), name: t.arg.id({ required: true }) };
  return {
    createSpaceAgent: t.field({
      type: SpaceAgent,
      description: "Adds an agent to a space; a build of the space's image follows.",
      args: { input: t.arg({ type: CreateSpaceAgentInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        requireAccount(context);
        await requireSpaceAgents(context, input.space, "create");
        return createSpaceAgent(context.gateway, input);
      },
    }),
    updateSpaceAgent: t.field({
      type: SpaceAgent,
      description: "Changes an agent of a space; another source is built into the space's image.",
      args: { ...place, input: t.arg({ type: UpdateSpaceAgentInput, required: true }) },
      resolve: async (_root, { space, name, input }, context) => {
        const { id } = await spaceAgentFor(context, space, name, "update");
        return updateSpaceAgent(context.gateway, id, input);
      },
    }),
    setSpaceAgentStatus: t.field({
      type: SpaceAgent,
      description: "Sets an agent active, or inactive: stopped, and left out of builds and answers.",
      args: { ...place, status: t.arg.string({ required: true, description: "active or inactive" }) },
      resolve: async (_root, { space, name, status }, context) => {
        const { id } = await spaceAgentFor(context, space, name, "update");
        return setSpaceAgentStatus(context.gateway, id, status);
      },
    }),
    deleteSpaceAgent: t.field({
      type: DeletedSpaceAgent,
      description: "Deletes an agent of a space with its computer; a build of the space's image follows.",
      args: place,
      resolve: async (_root, { space, name }, context) => {
        const { id } = await spaceAgentFor(context, space, name, "delete");
        return deleteSpaceAgent(context.gateway, id);
      },
    }),
    deploySpaceAgent: t.field({
      type: SpaceAgent,
      description:
        "Runs an agent on a computer of its own, from the latest image of its space. It is RUNNING once that runs.",
      args: place,
      resolve: async (_root, { space, name }, context) =>
        deploySpaceAgent(context.gateway, await spaceAgentFor(context, space, name, "update")),
    }),
    stopSpaceAgent: t.field({
      type: SpaceAgent,
      description: "Stops a deployed agent; its computer goes with all that is in it.",
      args: place,
      resolve: async (_root, { space, name }, context) =>
        stopSpaceAgent(context.gateway, (await spaceAgentFor(context, space, name, "update")).id),
    }),
    askSpaceAgent: t.string({
      description:
        "Has a deployed agent answer a message and waits for it; the secrets of the space are its environment.",
      args: {
        ...place,
        message: t.arg.string({ required: true }),
        context: t.arg({ type: "JSON", description: "A JSON object for the agent's function. Default: `{}`." }),
        timeoutSeconds: t.arg.int({ description: "1 to 900; 60 unless told otherwise." }),
      },
      resolve: async (_root, { space, name, ...question }, context) => {
        requireAccount(context);
        const agent = await spaceAgentFor(context, space, name, "update");
        return askSpaceAgent(context.gateway, agent, question, context.signal);
      },
    }),
  };
});
