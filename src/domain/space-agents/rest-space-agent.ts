import { z } from "zod";
import { moment } from "../../rest/fields.ts";

const spaceName = z.string().meta({ description: "Space name" });

/** The path of a space's agents. */
export const spaceParams = z.object({ name: spaceName });

/** The path of one agent of a space. */
export const spaceAgentParams = z.object({
  name: spaceName,
  agent_name: z.string().meta({ description: "Agent name" }),
});

/** The path as the schema takes it. */
export const placeOf = ({ name, agent_name }: z.output<typeof spaceAgentParams>) => ({ space: name, name: agent_name });

const spaceAgentStatuses = ["active", "inactive", "building", "running", "stopped", "error"] as const;

/** Selects the fields of document A, in its order. */
export const spaceAgentFields = /* GraphQL */ `
  fragment RestSpaceAgent on SpaceAgent {
    name
    description
    purpose
    source_repo: sourceRepo
    source_branch: sourceBranch
    status
    space
    created_at: createdAt
    updated_at: updatedAt
  }
`;

/** What the fields give; REST writes states small. */
export interface SpaceAgentData {
  readonly status: string;
}

export const presentSpaceAgent = (agent: SpaceAgentData) => ({ ...agent, status: agent.status.toLowerCase() });

/** Texts that a caller writes of an agent. */
export const texts = {
  description: z.string().optional(),
  purpose: z.string().meta({ description: "What it is good at" }).optional(),
};

export const sourceRepo = z.string().meta({ description: "`Owner/repo`, `host/owner/repo` or a URL" });
export const sourceBranch = z.string().meta({ description: "A branch or tag" });

const SpaceAgent = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    purpose: z.string().nullable(),
    source_repo: sourceRepo,
    source_branch: sourceBranch,
    status: z.enum(spaceAgentStatuses),
    space: z.string(),
    created_at: moment("Creation"),
    updated_at: moment("Last change"),
  })
  .meta({ id: "SpaceAgent" });

const example: z.input<typeof SpaceAgent> = {
  name: "data-analyzer",
  description: "Data analysis specialist",
  purpose: "analyze data, create visualizations, statistical analysis",
  source_repo: "Raworc/raworc-agent-python-demo",
  source_branch: "main",
  status: "active",
  space: "default",
  created_at: "2025-01-01T00:00:00.000Z",
  updated_at: "2025-01-01T00:00:00.000Z",
};

export const spaceAgentReply = (differences: Partial<typeof example> = {}) =>
  ({ kind: "json", schema: SpaceAgent, example: { ...example, ...differences } }) as const;

export const spaceAgentsReply = { kind: "json", schema: z.array(SpaceAgent), example: [example] } as const;
