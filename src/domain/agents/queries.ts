import { queryFromInfo } from "@pothos/plugin-prisma";
import { notFound } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import {
  type Connection,
  connectionArgs,
  connectionCost,
  connectionPaths,
  readPage,
} from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent as AgentRow, Prisma } from "../../store/generated/client/client.ts";
import { agentFor, visibleAgents } from "./access.ts";
import { checkTags, nameKeyOf } from "./agent.ts";
import { Agent, AgentConnection, AgentState } from "./schema.ts";

export const AgentFilter = builder.inputType("AgentFilter", {
  description: "Which agents; every condition must hold.",
  fields: (t) => ({
    states: t.field({ type: [AgentState], description: "In one of these states." }),
    tags: t.stringList({ description: "With all of these tags." }),
    q: t.string({ description: "With this text in the name or the description, in any case of letters." }),
    space: t.id({ description: "In this space." }),
  }),
});

builder.queryFields((t) => ({
  agent: t.prismaField({
    type: "Agent",
    nullable: true,
    authScopes: { signedIn: true },
    description: "The agent of that name, in any case of letters. An error with code NOT_FOUND when there is none.",
    args: { name: t.arg.id({ required: true }) },
    resolve: async (query, _root, { name }, context) => {
      const agent = await agentFor(context, name, "get");
      return isEmpty(query) ? agent : context.gateway.store.agent.findUnique({ ...query, where: { id: agent.id } });
    },
  }),
  agents: t.field({
    type: AgentConnection,
    authScopes: { signedIn: true },
    complexity: connectionCost,
    description: "The agents that the caller may list, the oldest first.",
    args: { filter: t.arg({ type: AgentFilter }), ...connectionArgs },
    resolve: (_root, { filter, ...page }, context, info) => {
      const where = { AND: [visibleAgents(context.principal), whereOf(context.gateway, filter ?? {})] };
      return pageOfAgents(context, page, where, queryFromInfo({ context, info, paths: connectionPaths }));
    },
  }),
  publishedAgent: t.field({
    type: Agent,
    nullable: true,
    authScopes: { public: true },
    description: "A published agent, for everyone. An error with code NOT_FOUND when there is none.",
    args: { name: t.arg.id({ required: true }) },
    resolve: async (_root, { name }, { gateway }) => {
      const agent = await gateway.store.agent.findUnique({ where: { nameKey: nameKeyOf(name), isPublished: true } });
      if (!agent) throw notFound("Published agent", name);
      return agent;
    },
  }),
  publishedAgents: t.field({
    type: AgentConnection,
    authScopes: { public: true },
    complexity: connectionCost,
    description: "All published agents, the oldest first, for everyone.",
    args: { filter: t.arg({ type: AgentFilter }), ...connectionArgs },
    resolve: (_root, { filter, ...page }, context, info) => {
      const where = { AND: [{ isPublished: true }, whereOf(context.gateway, filter ?? {})] };
      return pageOfAgents(context, page, where, queryFromInfo({ context, info, paths: connectionPaths }));
    },
  }),
}));

const isEmpty = (query: object) => Object.keys(query).length === 0;

function pageOfAgents(
  { gateway: { store } }: Context,
  page: Parameters<typeof readPage>[0],
  where: Prisma.AgentWhereInput,
  query: object,
): Promise<Connection<AgentRow>> {
  return readPage(
    page,
    ({ after, ...window }) => store.agent.findMany({ ...query, ...window, where: { AND: [where, after] } }),
    () => store.agent.count({ where }),
  );
}

/** The filter as a condition. Tags are looked up in their index. */
function whereOf({ config }: Gateway, { states, tags, q, space }: Filter): Prisma.AgentWhereInput {
  checkTags(tags ?? []);
  return {
    AND: [
      states ? { state: { in: [...states] } } : {},
      space == null ? {} : { spaceName: space },
      q
        ? {
            OR: [{ nameKey: containing(q.toLowerCase()) }, { description: { ...containing(q), ...inAnyCase(config) } }],
          }
        : {},
      ...(tags ?? []).map((tag) => ({ tagIndex: { some: { tag } } })),
    ],
  };
}

/** The text itself: what LIKE would take for a wildcard stands for itself. */
const containing = (text: string) => ({ contains: text.replaceAll(/[\\%_]/g, "\\$&") });

/** PostgreSQL minds the case of letters unless told otherwise; SQLite never does and knows no such word. */
const inAnyCase = ({ databaseUrl }: Gateway["config"]): object =>
  databaseUrl.startsWith("file:") ? {} : { mode: "insensitive" };

export type Filter = NonNullable<(typeof AgentFilter)["$inferInput"]>;
