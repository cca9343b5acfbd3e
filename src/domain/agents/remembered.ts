import { deletionOf, type Kind, type ListKind, rowsOf } from "../../events/remembered.ts";
import type { Gateway } from "../../gateway.ts";
import type { Context } from "../../graphql/context.ts";
import { type MaybePromise, rememberedOne, whenThere } from "../../graphql/remembered.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { inOrderOf } from "../../store/nested-pages.ts";
import { agentStream, nameKeyOf } from "./agent.ts";

/** An agent's account and parent go without an event of the agent. */
const agents = rowsOf<Agent>("agent", {
  keyOf: ({ id }) => id,
  topics: ({ name, createdById, parentId }) => [
    agentStream(name),
    ...[createdById, parentId].flatMap((id) => (id === null ? [] : [deletionOf(id)])),
  ],
});

/** The one agent of a name, or none. */
const byName: ListKind<Agent> = {
  name: "agent by name",
  rows: agents,
  topics: ([id]) => [id === undefined ? "agent.created" : deletionOf(id)],
};

/** Agents by what never changes of them: their space and who made them. */
const inAnyState = { topics: () => ["agent.created", "agent.deleted"] };
/** Agents by what any event may change. */
const asTheyAre = { topics: () => ["agent:*"] };

/** Lists of agents, and how many are on all pages. */
export const agentLists: Readonly<Record<"inAnyState" | "asTheyAre", ListKind<Agent>>> = {
  inAnyState: { name: "agents", rows: agents, ...inAnyState },
  asTheyAre: { name: "agents as they are", rows: agents, ...asTheyAre },
};
export const agentCounts: Readonly<Record<"inAnyState" | "asTheyAre", Kind<number>>> = {
  inAnyState: { name: "count of agents", ...inAnyState },
  asTheyAre: { name: "count of agents as they are", ...asTheyAre },
};

/** By hand, for most of all reads begin with it. */
const named = `SELECT * FROM "Agent" WHERE "nameKey" = ?`;

/** The agent of that name, in any case of letters. */
export function agentNamed(
  { store, memory }: Pick<Gateway, "store" | "memory">,
  name: string,
): MaybePromise<Agent | null> {
  const nameKey = nameKeyOf(name);
  const load = async () =>
    (await memory.loadLists(byName, [nameKey], async () => [await store.sql.all<Agent>(named, [nameKey])]))[0] ?? [];
  return whenThere(memory.recallList(byName, nameKey) ?? load(), ([agent]) => agent ?? null);
}

/** The agent of that id; those of one call are read together. */
export const agentById = (context: Context, id: string): MaybePromise<Agent | null> =>
  rememberedOne(context, agents, id, async (ids) =>
    inOrderOf(ids, await context.gateway.store.agent.findMany({ where: { id: { in: [...ids] } } })),
  );
