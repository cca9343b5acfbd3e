import { notFound } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { type Connection, connectionArgs, connectionCost, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import { type MaybePromise, rememberedList, remembered } from "../../graphql/remembered.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent as AgentRow, Prisma } from "../../store/generated/client/client.ts";
import { agentFor, visibleAgents } from "./access.ts";
import { checkTags } from "./agent.ts";
import { agentCounts, agentLists, agentNamed } from "./remembered.ts";
import { remixCountsOf, remixesOf } from "./remixes.ts";
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
  agent: t.field({
    type: Agent,
    nullable: true,
    description: "The agent of that name, in any case of letters. An error with code NOT_FOUND when there is none.",
    args: { name: t.arg.id({ required: true }) },
    resolve: (_root, { name }, context) => agentFor(context, name, "get"),
  }),
  agents: t.field({
    type: AgentConnection,
    complexity: connectionCost,
    description: "The agents that the caller may list, the oldest first.",
    args: { filter: t.arg({ type: AgentFilter }), ...connectionArgs },
    resolve: (_root, { filter, ...page }, context) =>
      pageOfAgents(context, page, visibleAgents(context.principal), filter ?? {}),
  }),
  publishedAgent: t.field({
    type: Agent,
    nullable: true,
    extensions: { isPublic: true },
    description: "A published agent, for everyone. An error with code NOT_FOUND when there is none.",
    args: { name: t.arg.id({ required: true }) },
    resolve: async (_root, { name }, { gateway }) => {
      const agent = await agentNamed(gateway, name);
      if (!agent?.isPublished) throw notFound("Published agent", name);
      return agent;
    },
  }),
  publishedAgents: t.field({
    type: AgentConnection,
    extensions: { isPublic: true },
    complexity: connectionCost,
    description: "All published agents, the oldest first, for everyone.",
    args: { filter: t.arg({ type: AgentFilter }), ...connectionArgs },
    resolve: (_root, { filter, ...page }, context) => pageOfAgents(context, page, { isPublished: true }, filter ?? {}),
  }),
}));

builder.prismaObjectField("Agent", "remixes", (t) =>
  t.field({
    type: AgentConnection,
    complexity: connectionCost,
    description: "What was made out of it, as far as the caller may list it, the oldest first.",
    args: connectionArgs,
    resolve: ({ id }, page, context) => {
      if (page.after == null) return firstRemixes(context, page, id);
      return pageOfAgents(context, page, { AND: [visibleAgents(context.principal), { parentId: id }] }, {});
    },
  }),
);

/** The first page of the remixes of one of the many agents of a request: all of them are read together. */
function firstRemixes(context: Context, page: PageArgs, parentId: string) {
  const { principal, gateway } = context;
  return readPage<AgentRow>(
    page,
    ({ skip, take }) =>
      context
        .loader(`remixes of agents ${JSON.stringify({ skip, take })}`, (ids: readonly string[]) =>
          remixesOf(gateway.store, principal, ids, { skip, take }),
        )
        .load(parentId),
    () =>
      context
        .loader("counts of remixes of agents", (ids: readonly string[]) => remixCountsOf(gateway.store, principal, ids))
        .load(parentId),
  );
}

function pageOfAgents(
  context: Context,
  page: PageArgs,
  shown: Prisma.AgentWhereInput,
  filter: Filter,
): MaybePromise<Connection<AgentRow>> {
  const { store } = context.gateway;
  const where = { AND: [shown, whereOf(context.gateway, filter)] };
  const { states, tags, q } = filter;
  const membership = states || tags || q || shown.isPublished ? "asTheyAre" : "inAnyState";
  return readPage(
    page,
    ({ after, ...window }) =>
      rememberedList(context, agentLists[membership], { where, page }, () =>
        store.agent.findMany({ ...window, where: { AND: [where, after] } }),
      ),
    () => remembered(context, agentCounts[membership], where, () => store.agent.count({ where })),
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
