import { queryFromInfo } from "@pothos/plugin-prisma";
import { unauthenticated } from "../../auth/authenticate.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Verb } from "../../auth/permissions.ts";
import type { Prisma, Response as ResponseRow } from "../../store/generated/client/client.ts";
import { agentFor, maySeeResponses } from "../agents/access.ts";
import { nameKeyOf } from "../agents/agent.ts";
import { Agent as AgentType } from "../agents/schema.ts";
import { Session as SessionType } from "../sessions/schema.ts";
import { respondentOf, withRespondent } from "./find-respondent.ts";
import { countsOf, pagesOf } from "./pages.ts";
import type { Respondent } from "./respondent.ts";
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
  const where = { id, ...(agentName == null ? {} : { agent: { nameKey: nameKeyOf(agentName) } }) };
  const found = await context.gateway.store.response.findUnique({ where, include: withRespondent });
  const respondent = found && respondentOf(found);
  if (!respondent) throw context.principal ? notFound("Response", id) : unauthenticated();
  const { target, resource, responseResource } = respondent;
  const named = { kind: "Response", name: id };
  // Who sees an agent because it is published does not know of its responses, whatever they want to do with one.
  if (of === "respondent") requireAllowed(context, "get", responseResource, target, named);
  requireAllowed(context, verb, of === "response" ? responseResource : resource, target, named);
  const { agent: _agent, session: _session, ...response } = found;
  return { response, respondent };
}

builder.queryFields((t) => ({
  response: t.field({
    type: Response,
    nullable: true,
    authScopes: { signedIn: true },
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
    authScopes: { signedIn: true },
    complexity: connectionCost,
    description: "What an agent was asked, the oldest first; an error for those who may not see what it answers.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      ...connectionArgs,
      status: t.arg({ type: ResponseStatus }),
    },
    resolve: async (_root, { agent: name, status, ...page }, context, info) => {
      const agent = await agentFor(context, name, "list", "responses");
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return pageOfResponses(context, page, { respondentId: agent.id, ...(status ? { status } : {}) }, query);
    },
  }),
}));

builder.prismaObjectField(AgentType, "responses", (t) =>
  t.field({
    type: ResponseConnection,
    complexity: connectionCost,
    description: "What it was asked, the oldest first; empty for those who may not see what it answers.",
    args: { ...connectionArgs, status: t.arg({ type: ResponseStatus }) },
    resolve: (agent, { status, ...page }, context, info) => {
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      if (!maySeeResponses(context.principal, agent)) return pageOfResponses(context, page, { id: "" }, query);
      return responsesOf(context, page, agent.id, status ?? null, query);
    },
  }),
);

builder.prismaObjectField(SessionType, "responses", (t) =>
  t.field({
    type: ResponseConnection,
    complexity: connectionCost,
    description: "What its messages became, the oldest first.",
    args: { ...connectionArgs, status: t.arg({ type: ResponseStatus }) },
    resolve: (session, { status, ...page }, context, info) => {
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return responsesOf(context, page, session.id, status ?? null, query);
    },
  }),
);

/** A page of the responses of one respondent; the first pages of many are read together. */
function responsesOf(
  context: Context,
  page: PageArgs,
  respondentId: string,
  status: ResponseRow["status"] | null,
  query: object,
) {
  if (page.after == null) return nestedPage(context, page, respondentId, status, query);
  return pageOfResponses(context, page, { respondentId, ...(status ? { status } : {}) }, query);
}

/** The page of one of the many respondents of a request: all of them are read together. */
function nestedPage(
  context: Context,
  page: PageArgs,
  respondentId: string,
  status: ResponseRow["status"] | null,
  query: object,
) {
  const { store } = context.gateway;
  return readPage<ResponseRow>(
    page,
    ({ skip, take }) =>
      context
        .loader(`responses ${JSON.stringify({ skip, take, status, query })}`, (ids: readonly string[]) =>
          pagesOf(store, ids, { skip, take, status }, query),
        )
        .load(respondentId),
    () =>
      context
        .loader(`counts of responses ${status}`, (ids: readonly string[]) => countsOf(store, ids, status))
        .load(respondentId),
  );
}

const pageOfResponses = (
  { gateway: { store } }: Context,
  page: PageArgs,
  where: Prisma.ResponseWhereInput,
  query: object,
) =>
  readPage<ResponseRow>(
    page,
    ({ after, ...window }) => store.response.findMany({ ...query, ...window, where: { AND: [where, after] } }),
    () => store.response.count({ where }),
  );
