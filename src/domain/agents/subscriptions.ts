import { followLog, type FollowOptions } from "../../events/follow.ts";
import { followState, type Placed, type Told } from "../../events/follow-state.ts";
import type { LogEvent } from "../../events/event.ts";
import { placeInLog } from "../../events/read.ts";
import { builder } from "../../graphql/builder.ts";
import type { Principal } from "../../auth/principal.ts";
import type { Context } from "../../graphql/context.ts";
import { live } from "../../graphql/live.ts";
import { type MaybePromise, whenThere } from "../../graphql/remembered.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent as AgentRow } from "../../store/generated/client/client.ts";
import { agentFor, maySee } from "./access.ts";
import { agentStream, checkTags } from "./agent.ts";
import { agentOf } from "./change.ts";
import { AgentFilter, type Filter } from "./queries.ts";
import { agentById } from "./remembered.ts";
import { Agent } from "./schema.ts";

const ChangeKind = builder.enumType("AgentChangeKind", {
  description: "`CREATED`, `CHANGED` in any way, or `DELETED`.",
  values: ["CREATED", "CHANGED", "DELETED"] as const,
});

interface Change {
  readonly event: LogEvent;
  readonly kind: "CREATED" | "CHANGED" | "DELETED";
  readonly agent: AgentRow;
}

const AgentChange = builder.objectRef<Change>("AgentChange").implement({
  description: "Something happened to an agent.",
  fields: (t) => ({
    cursor: t.field({ type: "Cursor", description: "Go on after it.", resolve: ({ event }) => event.id }),
    kind: t.expose("kind", { type: ChangeKind }),
    name: t.id({ resolve: ({ agent }) => agent.name }),
    agent: t.field({ type: Agent, description: "As it was right after the change.", resolve: ({ agent }) => agent }),
  }),
});

builder.subscriptionFields((t) => ({
  agentChanged: t.field({
    type: Agent,
    description: "First the agent as it is, then as it is after every change; ends when it is deleted.",
    args: { name: t.arg.id({ required: true }) },
    subscribe: async (_root, { name }, context) => {
      const agent = await agentFor(context, name, "get");
      return live<Placed<AgentRow>>(context, {
        // Whoever saw it only because it was published sees no more once it is not.
        mayWatch: (principal, latest) => maySee(principal, latest?.state ?? agent),
        shared: {
          name: `${agentStream(agent.name)} ${agent.id}`,
          after: null,
          open: (place, signal, onPresent) => followState(context.gateway, told(agent), place, signal, { onPresent }),
          placeOf: ({ place }) => place,
        },
      });
    },
    resolve: ({ state }) => state,
  }),
  agentsChanged: t.field({
    type: AgentChange,
    description: "Every change of the agents that the caller may see, from now on or from a cursor.",
    args: { filter: t.arg({ type: AgentFilter }), after: t.arg({ type: "Cursor" }) },
    subscribe: async (_root, { filter, after }, context) => {
      checkTags(filter?.tags ?? []);
      const place = await placeInLog(context.gateway.store, after);
      return live<Change>(context, {
        mayWatch: () => true,
        maySee: (principal, change) => maySeeChange(context, principal, change),
        shared: {
          name: `agents ${JSON.stringify(filter ?? {})}`,
          after: place,
          argument: "after",
          open: (from, signal, onPresent) =>
            followAgents(context.gateway, from ?? place, (agent) => fits(agent, filter ?? {}), signal, { onPresent }),
          placeOf: ({ event }) => event.id,
        },
      });
    },
    resolve: (change) => change,
  }),
}));

/**
 * Whether the caller may see the change. What was published when it happened is shown to everybody for as long as it is
 * published; its deletion is the last of that.
 */
function maySeeChange(context: Context, principal: Principal, { kind, agent }: Change): MaybePromise<boolean> {
  if (maySee(principal, { ...agent, isPublished: false })) return true;
  if (!agent.isPublished || kind === "DELETED") return agent.isPublished;
  return whenThere(agentById(context, agent.id), (now) => now?.isPublished === true);
}

/** The name may have gone to another agent, and to be prompted changes nothing of it. */
const told = ({ id, name }: AgentRow): Told<AgentRow> => ({
  stream: agentStream(name),
  read: (tx) => tx.agent.findUnique({ where: { id } }),
  after(event) {
    if (event.type === "agent.prompted") return "same";
    return event.payload["id"] !== id || event.type === "agent.deleted" ? "gone" : asAgent(event);
  },
});

async function* followAgents(
  gateway: Gateway,
  after: bigint,
  wants: (agent: AgentRow) => boolean,
  signal: AbortSignal,
  options: FollowOptions,
): AsyncGenerator<Change, void, undefined> {
  const types = Object.keys(kinds);
  for await (const followed of followLog(gateway, { types }, after, signal, options)) {
    if (followed.kind === "delta") continue;
    const { event } = followed;
    const agent = asAgent(event);
    if (wants(agent)) yield { event, kind: kinds[event.type as keyof typeof kinds], agent };
  }
}

const kinds = {
  "agent.created": "CREATED",
  "agent.changed": "CHANGED",
  "agent.slept": "CHANGED",
  "agent.deleted": "DELETED",
} as const;

/** What the event does not carry are texts that only the row has; fields that need them read it by the id. */
const asAgent = (event: LogEvent): AgentRow => ({
  ...agentOf(event),
  nameKey: "",
  instructions: null,
  setup: null,
  setupOutput: null,
  contextSummary: null,
});

function fits(agent: AgentRow, { states, tags, q, space }: Filter): boolean {
  const text = `${agent.name}\n${agent.description ?? ""}`.toLowerCase();
  return (
    (states?.includes(agent.state) ?? true) &&
    (tags ?? []).every((tag) => (agent.tags as readonly string[]).includes(tag)) && // checked when they were stored
    (!q || text.includes(q.toLowerCase())) &&
    (space == null || agent.spaceName === space)
  );
}
