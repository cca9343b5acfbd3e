import { queryFromInfo } from "@pothos/plugin-prisma";
import { unauthenticated } from "../../auth/authenticate.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Resource, Verb } from "../../auth/permissions.ts";
import type { Agent, Response as ResponseRow } from "../../store/generated/client/client.ts";
import { maySeeResponses, targetOf } from "../agents/access.ts";
import { Agent as AgentType } from "../agents/schema.ts";
import { Response, ResponseConnection, ResponseStatus } from "./schema.ts";

/**
 * The response of that id with its agent, if the caller may do this with it.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function responseFor(
  context: Context,
  id: string,
  verb: Verb,
  resource: Resource = "responses",
): Promise<{ readonly response: ResponseRow; readonly agent: Agent }> {
  const found = await context.gateway.store.response.findUnique({ where: { id }, include: { agent: true } });
  if (!found) throw context.principal ? notFound("Response", id) : unauthenticated();
  const { agent, ...response } = found;
  requireAllowed(context, verb, resource, targetOf(agent), { kind: "Response", name: id });
  return { response, agent };
}

builder.queryField("response", (t) =>
  t.field({
    type: Response,
    nullable: true,
    authScopes: { signedIn: true },
    description: "The response of that id. An error with code NOT_FOUND when there is none.",
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, context) => (await responseFor(context, id, "get")).response,
  }),
);

builder.prismaObjectField(AgentType, "responses", (t) =>
  t.field({
    type: ResponseConnection,
    complexity: connectionCost,
    description: "What it was asked, the oldest first; empty for those who may not see what it answers.",
    args: { ...connectionArgs, status: t.arg({ type: ResponseStatus }) },
    resolve: (agent, { status, ...page }, context, info) => {
      const { store } = context.gateway;
      const hidden = maySeeResponses(context.principal, agent) ? {} : { id: "" };
      const where = { agentId: agent.id, ...hidden, ...(status ? { status } : {}) };
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return readPage<ResponseRow>(
        page,
        ({ after, ...window }) => store.response.findMany({ ...query, ...window, where: { AND: [where, after] } }),
        () => store.response.count({ where }),
      );
    },
  }),
);
