import { unauthenticated } from "../../auth/authenticate.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, emptyPage, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import { rememberedListOf, rememberedOf } from "../../graphql/remembered.ts";
import type { Verb } from "../../auth/permissions.ts";
import type { Response as ResponseRow } from "../../store/generated/client/client.ts";
import { agentFor, maySeeResponses } from "../agents/access.ts";
import { nameKeyOf } from "../agents/agent.ts";
import { agentById } from "../agents/remembered.ts";
import { Agent as AgentType } from "../agents/schema.ts";
import { sessionById } from "../sessions/remembered.ts";
import { Session as SessionType } from "../sessions/schema.ts";
import { agentRespondent } from "./agent-respondent.ts";
import { countsOf, pageAfter, pagesOf } from "./pages.ts";
import { responseById, responseCounts, responseLists } from "./remembered.ts";
import type { Respondent } from "./respondent.ts";
import { sessionRespondent } from "./session-respondent.ts";
import { Response, ResponseConnection, ResponseStatus } from "./schema.ts";

/**
 * The response of that id with who answers it, if the caller may do this with it. Where an agent's name is given,
 * a response of anybody else counts as missing. `of` says whose permission counts: the response's own, or that for
 * its respondent.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function responseFor(
  context: Context,
  id: string,
  verb: Verb,
  { of = "response", agentName }: { readonly of?: "response" | "respondent"; readonly agentName?: string | null } = {},
): Promise<{ readonly response: ResponseRow; readonly respondent: Respondent }> {
  const response = await responseById(context, id);
  const respondent = response && (await respondentOf(context, response, agentName));
  if (!respondent) throw context.principal ? notFound("Response", id) : unauthenticated();
  const { target, resource, responseResource } = respondent;
  const named = { kind: "Response", name: id };
  // Who sees an agent because it is published does not know of its responses, whatever they want to do with one.
  if (of === "respondent") requireAllowed(context, "get", responseResource, target, named);
  requireAllowed(context, verb, of === "response" ? responseResource : resource, target, named);
  return { response, respondent };
}

async function respondentOf(
  context: Context,
  { agentId, sessionId }: ResponseRow,
  agentName: string | null | undefined,
): Promise<Respondent | null> {
  if (agentId !== null) {
    const agent = await agentById(context, agentId);
    return agent && (agentName == null || agent.nameKey === nameKeyOf(agentName)) ? agentRespondent(agent) : null;
  }
  const session = sessionId === null || agentName != null ? null : await sessionById(context, sessionId);
  return session && sessionRespondent(session);
}

builder.queryFields((t) => ({
  response: t.field({
    type: Response,
    nullable: true,
    description: "The response of that id. An error with code NOT_FOUND when there is none.",
    args: {
      id: t.arg.id({ required: true }),
      agent: t.arg.id({ description: "The name of the agent it must belong to; one of another counts as missing." }),
    },
    resolve: async (_root, { id, agent }, context) =>
      (await responseFor(context, id, "get", { agentName: agent })).response,
  }),
  responses: t.field({
    type: ResponseConnection,
    complexity: connectionCost,
    description: "What an agent was asked, the oldest first; an error for those who may not see what it answers.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      ...connectionArgs,
      status: t.arg({ type: ResponseStatus }),
    },
    resolve: async (_root, { agent: name, status, ...page }, context) => {
      const agent = await agentFor(context, name, "list", "responses");
      return responsesOf(context, page, agent.id, status ?? null);
    },
  }),
}));

builder.prismaObjectField(AgentType, "responses", (t) =>
  t.field({
    type: ResponseConnection,
    complexity: connectionCost,
    description: "What it was asked, the oldest first; empty for those who may not see what it answers.",
    args: { ...connectionArgs, status: t.arg({ type: ResponseStatus }) },
    resolve: (agent, { status, ...page }, context) =>
      maySeeResponses(context.principal, agent)
        ? responsesOf(context, page, agent.id, status ?? null)
        : emptyPage<ResponseRow>(page),
  }),
);

builder.prismaObjectField(SessionType, "responses", (t) =>
  t.field({
    type: ResponseConnection,
    complexity: connectionCost,
    description: "What its messages became, the oldest first.",
    args: { ...connectionArgs, status: t.arg({ type: ResponseStatus }) },
    resolve: (session, { status, ...page }, context) => responsesOf(context, page, session.id, status ?? null),
  }),
);

/** A page of the responses of one respondent. The first pages of many respondents are read together. */
function responsesOf(context: Context, page: PageArgs, respondentId: string, status: ResponseRow["status"] | null) {
  const { store } = context.gateway;
  const membership = status === null ? "all" : "ofStatus";
  return readPage<ResponseRow>(
    page,
    ({ after, skip, take }) =>
      rememberedListOf(
        context,
        responseLists[membership],
        respondentId,
        { status, after: page.after ?? null, skip, take },
        (ids) =>
          page.after == null
            ? pagesOf(store, ids, { status, skip, take })
            : pageAfter(store, ids, { status, skip, take, after }),
      ),
    () =>
      rememberedOf(context, responseCounts[membership], respondentId, { status }, (ids) =>
        countsOf(store, ids, status),
      ),
  );
}
