import { badInput } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import { limits } from "../../graphql/limits.ts";
import { type MaybePromise, whenThere } from "../../graphql/remembered.ts";
import type { FailureReason as Reason, Response as ResponseRow } from "../../store/generated/client/client.ts";
import { ResponseStatus as statuses } from "../../store/generated/client/enums.ts";
import { agentById } from "../agents/remembered.ts";
import { Agent } from "../agents/schema.ts";
import { maySee } from "../sessions/access.ts";
import { sessionById } from "../sessions/remembered.ts";
import { Session } from "../sessions/schema.ts";
import { EngineKind } from "../spaces/choices-schema.ts";
import { ResponseItem } from "./item-schema.ts";
import { isJustMade, type Item, type ItemWindow } from "./items.ts";
import { itemsOfOne } from "./remembered.ts";
import { failureOf } from "./response.ts";

export const ResponseStatus = builder.enumType("ResponseStatus", {
  description: "`PENDING` waits its turn · `PROCESSING` · and then one of three for good.",
  values: Object.values(statuses),
});

const FailureReason = builder.enumType("FailureReason", {
  description: "Why a response failed. The list is closed.",
  values: {
    COMMAND_FAILED: { description: "The script ended with an exit code other than 0, or could not be run." },
    MODEL_ERROR: {
      description: "The model's provider refused the request, failed again and again, or broke off the answer.",
    },
    MODEL_UNAVAILABLE: {
      description:
        "There is no key that can be used, the provider refused it, or the model's address may not be asked.",
    },
    STEP_LIMIT: {
      description: "The model had not finished after as many steps as it may take, or the items took more than 16 MiB.",
    },
    TIMEOUT: {
      description: "The busy timeout, or a command's own limit of 24 hours, was over before it had finished.",
    },
    INTERRUPTED: {
      description: "The gateway stopped, restarted or failed in the middle; what ran is not run a second time.",
    },
    COMPUTER_LOST: {
      description: "The computer ended, could not be had, or was given up after it had failed again and again.",
    },
    OUT_OF_MEMORY: { description: "The computer ran out of memory while a command ran." },
    SETUP_FAILED: { description: "The agent's set-up script failed." },
    AGENT_SLEPT: { description: "The agent was put to sleep, or fell asleep, before it had finished." },
    AGENT_DELETED: { description: "The agent was deleted before it had finished." },
    SESSION_PAUSED: { description: "The session was paused, suspended or closed before it had finished." },
    SESSION_DELETED: { description: "The session was deleted before it had finished." },
    HANDLER_FAILED: {
      description: "The space agent's function threw an error, ended without an answer, or is not there.",
    },
    WORKER_REPORTED: { description: "The program outside that answered it said that it failed." },
  } satisfies Record<Reason, object>,
});

const ResponseFailure = builder.objectRef<NonNullable<ReturnType<typeof failureOf>>>("ResponseFailure").implement({
  description: "How a response failed.",
  fields: (t) => ({
    reason: t.expose("reason", { type: FailureReason }),
    message: t.exposeString("message"),
    evidence: t.field({
      type: "JSON",
      nullable: true,
      description: "What was seen, such as an exit code.",
      resolve: ({ evidence }) => evidence,
    }),
  }),
});

const ResponseUsage = builder.objectRef<ResponseRow>("ResponseUsage").implement({
  description: "What the model counted.",
  fields: (t) => ({
    inputTokens: t.exposeInt("inputTokens", { description: "Tokens read." }),
    outputTokens: t.exposeInt("outputTokens", { description: "Tokens written." }),
  }),
});

const ResponseOutput = builder.objectRef<ResponseRow>("ResponseOutput").implement({
  description: "What was answered.",
  fields: (t) => ({
    text: t.exposeString("outputText", { description: "The final answer; may be empty while it is processed." }),
    items: t.field({
      type: [ResponseItem],
      description: "All steps, in order. PAYLOAD_TOO_LARGE for responses with too many to be read together.",
      resolve: (response, _args, context) => (isJustMade(response) ? [] : itemsOfOne(context, response.id, {})),
    }),
    other: t.expose("outputOther", { type: "JSON", description: "Keys beside text and items." }),
  }),
});

export const Response = builder.prismaObject("Response", {
  extensions: { isRemembered: true },
  fields: (t) => ({
    id: t.exposeID("id"),
    agent: t.field({
      type: Agent,
      nullable: true,
      description: "The agent that was asked; null for a session.",
      resolve: ({ agentId }, _args, context) => (agentId === null ? null : agentById(context, agentId)),
    }),
    agentName: t.string({
      nullable: true,
      description: "The name of the agent that was asked; null for a session.",
      resolve: ({ agentId }, _args, context) =>
        agentId === null ? null : whenThere(agentById(context, agentId), (agent) => agent?.name ?? null),
    }),
    session: t.field({
      type: Session,
      nullable: true,
      description: "The session that was asked; null for an agent, and when it is hidden from the caller.",
      resolve: ({ sessionId }, _args, context) =>
        sessionId === null
          ? null
          : whenThere(sessionById(context, sessionId), (session) =>
              session && maySee(context.principal, session) ? session : null,
            ),
    }),
    spaceAgent: t.exposeString("spaceAgent", {
      nullable: true,
      description: "The space agent whose handler answers, by name.",
    }),
    status: t.expose("status", { type: ResponseStatus }),
    input: t.expose("input", { type: "JSON" }),
    output: t.field({ type: ResponseOutput, resolve: (response) => response }),
    items: t.field({
      type: [ResponseItem],
      description: "Steps after a place in the stream.",
      args: { after: t.arg.int({ defaultValue: 0 }), first: t.arg.int({ defaultValue: limits.pageSize }) },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.min(first ?? limits.pageSize, 20) }),
      resolve: (response, window, context) => windowOfItems(context, response, window),
    }),
    engine: t.expose("engine", { type: EngineKind, nullable: true, description: "What answered; null until then." }),
    failure: t.field({
      type: ResponseFailure,
      nullable: true,
      description: "Why it failed; null for any other.",
      resolve: failureOf,
    }),
    createdBy: t.exposeString("createdByName", { nullable: true, description: "The user name of who asked." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    startedAt: t.expose("startedAt", { type: "DateTime", nullable: true }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    completedAt: t.expose("completedAt", { type: "DateTime", nullable: true }),
    usage: t.field({ type: ResponseUsage, resolve: (response) => response }),
  }),
});

export const ResponseConnection = connectionOf("Response", Response);

function windowOfItems(
  context: Context,
  response: ResponseRow,
  { after, first }: ItemWindow,
): MaybePromise<readonly Item[]> {
  if (after != null && after < 0) throw badInput("after", `"after" must be 0 or more`);
  if (first != null && (first < 0 || first > limits.pageSize)) {
    throw badInput("first", `"first" must be from 0 to ${limits.pageSize}`);
  }
  if (isJustMade(response)) return [];
  return itemsOfOne(context, response.id, { after: after ?? null, first: first ?? null });
}
