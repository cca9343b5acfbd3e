import { z } from "zod";
import { jsonObject, moment, wordOf } from "../../rest/fields.ts";

/** The path's name of an agent. */
export const agentParams = z.object({ name: z.string().meta({ description: "Agent name, in any case of letters" }) });

/** The name of a new agent; what it must match is the schema's to check. */
export const newAgentName = z.string().meta({
  description: "2 to 63 letters, digits and `-`; unique in any case of letters",
  pattern: "^[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$",
});

export const agentTags = z
  .array(z.string().meta({ pattern: "^[A-Za-z0-9]+$" }))
  .meta({ description: "Tags of letters and digits" });

export const agentStates = ["init", "idle", "busy", "slept"] as const;

/** Filters that all lists of agents have. */
export const agentFilters = z.object({
  state: wordOf(agentStates, "In this state").optional(),
  tags: z.string().meta({ description: "With all of these tags, separated by commas" }).optional(),
  q: z.string().meta({ description: "With this text in the name or the description" }).optional(),
});

/** The filters as the schema takes them. */
export const filterOf = ({ state, tags, q }: z.output<typeof agentFilters>) => ({
  states: state && [state.toUpperCase()],
  tags: tags
    ?.split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== ""),
  q,
});

/** Selects the fields of document C, in its order. */
export const agentFields = /* GraphQL */ `
  fragment RestAgent on Agent {
    name
    created_by: createdByName
    state
    description
    parent_agent_name: parentName
    created_at: createdAt
    last_activity_at: lastActivityAt
    metadata
    tags
    is_published: isPublished
    published_at: publishedAt
    published_by: publishedBy
    publish_permissions: publishPermissions { code secrets content }
    idle_timeout_seconds: idleTimeoutSeconds
    busy_timeout_seconds: busyTimeoutSeconds
    idle_from: idleFrom
    busy_from: busyFrom
  }
`;

/** What the fields give; REST writes states small. */
export interface AgentData {
  readonly state: string;
}

export const presentAgent = (agent: AgentData) => ({ ...agent, state: agent.state.toLowerCase() });

const Agent = z
  .object({
    name: z.string().meta({ description: "Agent name" }),
    created_by: z.string().meta({ description: "Owner's user name" }),
    state: z.enum(agentStates),
    description: z.string().nullable(),
    parent_agent_name: z.string().nullable().meta({ description: "What it was remixed from" }),
    created_at: moment("Creation"),
    last_activity_at: moment("Last activity").nullable(),
    metadata: jsonObject("Any JSON object"),
    tags: agentTags,
    is_published: z.boolean(),
    published_at: moment("When it was published").nullable(),
    published_by: z.string().nullable().meta({ description: "Who published it" }),
    publish_permissions: z.object({ code: z.boolean(), secrets: z.boolean(), content: z.boolean() }),
    idle_timeout_seconds: z.int32(),
    busy_timeout_seconds: z.int32(),
    idle_from: moment("Since when it waits").nullable(),
    busy_from: moment("Since when it works").nullable(),
  })
  .meta({ id: "Agent" });

const example: z.input<typeof Agent> = {
  name: "demo",
  created_by: "admin",
  state: "idle",
  description: "Demo agent",
  parent_agent_name: null,
  created_at: "2025-01-01T12:00:00.000Z",
  last_activity_at: "2025-01-01T12:10:00.000Z",
  metadata: {},
  tags: [],
  is_published: false,
  published_at: null,
  published_by: null,
  publish_permissions: { code: true, secrets: true, content: true },
  idle_timeout_seconds: 300,
  busy_timeout_seconds: 900,
  idle_from: "2025-01-01T12:10:00.000Z",
  busy_from: null,
};

/** A reply of one agent. */
export const agentReply = (differences: Partial<typeof example> = {}) =>
  ({ kind: "json", schema: Agent, example: { ...example, ...differences } }) as const;

/** A reply of many. */
export const agentsReply = { kind: "json", schema: z.array(Agent), example: [example] } as const;
