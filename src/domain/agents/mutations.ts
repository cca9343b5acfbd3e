import { isAllowed } from "../../auth/policy.ts";
import { tokenLifeSeconds } from "../../auth/tokens.ts";
import { requireAccount, requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import type { Context } from "../../graphql/context.ts";
import { Network } from "../computers/schema.ts";
import { Token } from "../service-accounts/schema.ts";
import { checkMetadata, choicesOf, longestTimeoutSeconds } from "../spaces/choices.ts";
import { EngineKind, secondsOr, spacesOr } from "../spaces/choices-schema.ts";
import { agentFor, targetOf } from "./access.ts";
import { setActivity, setState } from "./activity.ts";
import { defaultBusyTimeoutSeconds, defaultIdleTimeoutSeconds } from "./agent.ts";
import { type CreateAgentInput as NewAgent, createAgent, type Creator } from "./create.ts";
import { deleteAgent } from "./delete.ts";
import { publishAgent, unpublishAgent } from "./publish.ts";
import { remixAgent } from "./remix.ts";
import { Agent, busyTimeoutInWords, idleTimeoutInWords } from "./schema.ts";
import { sleepAgent } from "./sleep.ts";
import { updateAgent } from "./update.ts";
import { wakeAgent } from "./wake.ts";

const CreateAgentInput = builder.inputType("CreateAgentInput", {
  description: "A new agent; only its name is needed.",
  fields: (t) => ({
    name: t.string({ required: true, description: "2 to 63 letters, digits and `-`; unique in any case of letters." }),
    space: t.id({ description: "Default: `default`." }),
    description: t.string(),
    metadata: t.field({ type: "JSON", description: "A JSON object. `engine` and `network` in it choose those." }),
    tags: t.stringList({ description: "100 at the most, each of 1 to 64 letters and digits." }),
    secrets: t.field({ type: "JSON", description: "Names and values, for the environment of its commands." }),
    instructions: t.string({ description: "What it is to be: `/agent/code/instructions.md`, and the system prompt." }),
    setup: t.string({ description: "A script that runs once before the first response." }),
    prompt: t.string({ description: "Becomes its first response." }),
    idleTimeoutSeconds: t.int({
      description: `${idleTimeoutInWords} ${secondsOr(defaultIdleTimeoutSeconds)}`,
    }),
    busyTimeoutSeconds: t.int({
      description: `${busyTimeoutInWords} ${secondsOr(defaultBusyTimeoutSeconds)}`,
    }),
    engine: t.field({ type: EngineKind, description: `What answers. ${spacesOr("the gateway's choice")}` }),
    network: t.field({
      type: Network,
      description: `EGRESS needs the permission \`agents:egress\`. ${spacesOr("the gateway's")}`,
    }),
    image: t.string({ description: spacesOr("the gateway's") }),
  }),
});

const UpdateAgentInput = builder.inputType("UpdateAgentInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({
    metadata: t.field({
      type: "JSON",
      description:
        "Replaces all of it, with the engine that it had chosen. Another `network` is refused: it is chosen once.",
    }),
    description: t.string(),
    tags: t.stringList({ description: "Replaces all of them." }),
    idleTimeoutSeconds: t.int({ description: idleTimeoutInWords }),
    busyTimeoutSeconds: t.int({ description: busyTimeoutInWords }),
    engine: t.field({ type: EngineKind, description: "What answers from the next response on." }),
    instructions: t.string({ description: "Written to the computer the next time the agent gets ready." }),
    setup: t.string({ description: "Runs once, the next time the agent gets ready." }),
  }),
});

const RemixAgentInput = builder.inputType("RemixAgentInput", {
  description: "A new agent made out of another; what is left out is as in the parent.",
  fields: (t) => ({
    name: t.string({ required: true }),
    space: t.id({ description: "Default: the parent's." }),
    metadata: t.field({ type: "JSON", description: "Default: the parent's." }),
    code: t.boolean({ description: "The folder `/agent/code`, instructions and set-up." }),
    secrets: t.boolean({ description: "The parent's own secrets." }),
    content: t.boolean({ description: "Everything else below `/agent`." }),
    prompt: t.string({ description: "Becomes the new agent's first response." }),
  }),
});

const PublishPermissionsInput = builder.inputType("PublishPermissionsInput", {
  description: "Which parts others may copy with `remixAgent`; all, its secrets too, unless told otherwise.",
  fields: (t) => ({
    code: t.boolean({ defaultValue: true, description: "The folder `/agent/code`, instructions and set-up." }),
    secrets: t.boolean({ defaultValue: true, description: "The agent's own secrets, whose values a copy can read." }),
    content: t.boolean({ defaultValue: true, description: "Everything else below `/agent`." }),
  }),
});

const DeletedAgent = builder.objectRef<{ name: string }>("DeletedAgent").implement({
  description: "What is left of a deleted agent.",
  fields: (t) => ({ name: t.exposeID("name") }),
});

builder.mutationFields((t) => {
  const name = t.arg.id({ required: true });
  return {
    createAgent: t.field({
      type: Agent,
      description: "Creates an agent. It is INIT until its computer runs, and can be asked at once.",
      args: { input: t.arg({ type: CreateAgentInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const creator = await mayCreate(context, input);
        return createAgent(context.gateway, creator, input);
      },
    }),
    updateAgent: t.field({
      type: Agent,
      description: "Changes an agent.",
      args: { name, input: t.arg({ type: UpdateAgentInput, required: true }) },
      resolve: async (_root, args, context) =>
        updateAgent(context.gateway, (await agentFor(context, args.name, "update")).id, args.input),
    }),
    deleteAgent: t.field({
      type: DeletedAgent,
      description: "Deletes an agent with its responses, secrets, container and volume.",
      args: { name },
      resolve: async (_root, args, context) =>
        deleteAgent(context.gateway, (await agentFor(context, args.name, "delete")).id),
    }),
    sleepAgent: t.field({
      type: Agent,
      description: "Freezes the agent's computer, and stops it when nobody wakes it soon. Its files stay.",
      args: {
        name,
        delaySeconds: t.arg.int({ description: `0 to ${longestTimeoutSeconds}, which is 30 days. Default: 0, now.` }),
        note: t.arg.string({ description: "A word for the log on why." }),
      },
      resolve: async (_root, { name: agentName, ...order }, context) =>
        sleepAgent(context.gateway, (await agentFor(context, agentName, "update")).id, order),
    }),
    wakeAgent: t.field({
      type: Agent,
      description: "Wakes the agent. It is INIT until its computer runs.",
      args: { name, prompt: t.arg.string({ description: "Becomes its next response, also when it was awake." }) },
      resolve: async (_root, { name: agentName, prompt }, context) =>
        wakeAgent(context.gateway, (await agentFor(context, agentName, "update")).id, prompt),
    }),
    setAgentBusy: t.field({
      type: Agent,
      description: "Says that the agent works, for workers outside the gateway: the idle timeout stops counting.",
      args: { name },
      resolve: async (_root, args, context) =>
        setActivity(context.gateway, (await agentFor(context, args.name, "report")).id, "BUSY"),
    }),
    setAgentIdle: t.field({
      type: Agent,
      description: "Says that the agent waits, for workers outside the gateway: the idle timeout counts.",
      args: { name },
      resolve: async (_root, args, context) =>
        setActivity(context.gateway, (await agentFor(context, args.name, "report")).id, "IDLE"),
    }),
    setAgentState: t.field({
      type: Agent,
      description: "Moves the agent to a state by name, where that is a legal move.",
      args: { name, state: t.arg.string({ required: true, description: "init, idle, busy or slept" }) },
      resolve: async (_root, { name: agentName, state }, context) =>
        setState(context.gateway, (await agentFor(context, agentName, "update")).id, state),
    }),
    remixAgent: t.field({
      type: Agent,
      description:
        "Makes a new agent out of this one, with a copy of its files. Of a published one everybody gets the permitted parts; " +
        "everything is for those who may ask it.",
      args: { name, input: t.arg({ type: RemixAgentInput, required: true }) },
      resolve: async (_root, args, context) => {
        const creator = requireAccount(context);
        const parent = await agentFor(context, args.name, "get");
        const space = args.input.space ?? parent.spaceName;
        const mayHere = isAllowed(creator, "create", "agents", { space });
        // What is published, or one's own, may be remixed where it is by those who may make nothing else there.
        const invited = args.input.space == null && (parent.isPublished || parent.createdById === creator.id);
        if (!mayHere && !invited) {
          requireAllowed(context, "create", "agents", { space }, { kind: "Space", name: space });
        }
        const egress = isAllowed(creator, "egress", "agents", { space });
        // A copy does what it is told by whoever has it: the files and own secrets of the parent can be read there.
        const wholeParent = isAllowed(creator, "create", "responses", targetOf(parent));
        if (!parent.isPublished && !wholeParent) await agentFor(context, args.name, "create", "responses");
        const rights = { wholeParent, spaceSecrets: mayHere, egress };
        return remixAgent(context.gateway, parent, creator, rights, args.input);
      },
    }),
    publishAgent: t.field({
      type: Agent,
      description:
        "Shows the agent to everyone, also without a token. Unless `permissions` says otherwise, everyone who can log in " +
        "may then copy its code, its files AND ITS SECRETS with `remixAgent`.",
      args: {
        name,
        permissions: t.arg({ type: PublishPermissionsInput, description: "Default: everything, its secrets too." }),
      },
      resolve: async (_root, { name: agentName, permissions }, context) =>
        publishAgent(context.gateway, (await agentFor(context, agentName, "update")).id, {
          code: permissions?.code ?? true,
          secrets: permissions?.secrets ?? true,
          content: permissions?.content ?? true,
        }),
    }),
    unpublishAgent: t.field({
      type: Agent,
      description: "Hides the agent from those who have no right to it.",
      args: { name },
      resolve: async (_root, args, context) =>
        unpublishAgent(context.gateway, (await agentFor(context, args.name, "update")).id),
    }),
    createAgentToken: t.field({
      type: Token,
      description: "A token for an outside worker of this agent: it may answer its responses, and nothing else.",
      args: {
        name,
        ttlSeconds: t.arg.int({
          description:
            `How long it is good, 1 to ${tokenLifeSeconds.most} (30 days). ` +
            `Default: ${tokenLifeSeconds.usual} (24 hours).`,
        }),
      },
      resolve: async (_root, { name: agentName, ttlSeconds }, context) => {
        const agent = await agentFor(context, agentName, "update");
        const issued = await context.auth.issueWorkerToken(requireAccount(context), agent.id, ttlSeconds ?? undefined);
        return { ...issued, user: `agent:${agent.name}`, role: "user" as const };
      },
    }),
  };
});

/** @throws FORBIDDEN or NOT_FOUND unless the caller may make such an agent there. */
async function mayCreate(context: Context, input: NewAgent): Promise<Creator> {
  const account = requireAccount(context);
  const space = input.space ?? "default";
  requireAllowed(context, "create", "agents", { space }, { kind: "Space", name: space });
  const { network } = choicesOf(checkMetadata(input.metadata), null, input.network);
  if (network === "EGRESS") requireAllowed(context, "egress", "agents", { space }, { kind: "Space", name: space });
  return account;
}
