import { queryFromInfo } from "@pothos/plugin-prisma";
import { unauthenticated } from "../../auth/authenticate.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Resource, Verb } from "../../auth/permissions.ts";
import type { Agent, Prisma, Response as ResponseRow } from "../../store/generated/client/client.ts";
import { agentFor, maySeeResponses, targetOf } from "../agents/access.ts";
import { nameKeyOf } from "../agents/agent.ts";
import { Agent as AgentType } from "../agents/schema.ts";
import { countsOf, pagesOf } from "./pages.ts";
import { Response, ResponseConnection, ResponseStatus } from "./schema.ts";

/**
 * The response of that id with its agent, if the caller may do this with it. Where the agent's name is given,
 * a response of another agent counts as missing.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function responseFor(
  context: Context,
  id: string,
  verb: Verb,
  { resource = "responses", agentName }: { readonly resource?: Resource; readonly agentName?: string | null } = {},
): Promise<{ readonly response: ResponseRow; readonly agent: Agent }> {
  const where = { id, ...(agentName == null ? {} : { agent: { nameKey: nameKeyOf(agentName) } }) };
  const found = await context.gateway.store.response.findUnique({ where, include: { agent: true } });
  if (!found?.agent) throw context.principal ? notFound("Response", id) : unauthenticated();
  const { agent, ...response } = found;
  requireAllowed(context, verb, resource, targetOf(agent), { kind: "Response", name: id });
  return { response, agent };
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
      return pageOfResponses(context, page, { agentId: agent.id, ...(status ? { status } : {}) }, query);
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
      if (page.after == null) return nestedPage(context, page, agent.id, status ?? null, query);
      return pageOfResponses(context, page, { agentId: agent.id, ...(status ? { status } : {}) }, query);
    },
  }),
);

/** The page of one of the many agents of a request: all of them are read together. */
function nestedPage(
  context: Context,
  page: PageArgs,
  agentId: string,
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
        .load(agentId),
    () =>
      context
        .loader(`counts of responses ${status}`, (ids: readonly string[]) => countsOf(store, ids, status))
        .load(agentId),
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
