import { badInput } from "../../errors.ts";
import type { SpaceAgentStatus } from "../../store/generated/client/client.ts";

/** As agents are named (document C), which fits the names of document A too. */
const namePattern = /^[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/;
/** In paths it stands for all that run. */
const reservedName = "running";

export const defaultBranch = "main";

/** The stream of a space agent's events. */
export const spaceAgentStream = (id: string) => `space-agent:${id}`;

/** @throws BAD_USER_INPUT unless the text may name a space agent. */
export function checkSpaceAgentName(name: string): void {
  if (!namePattern.test(name)) {
    throw badInput("name", `"name" must match ${namePattern.source}: letters, digits and "-", 2 to 63 of them`);
  }
  if (name.toLowerCase() === reservedName) throw badInput("name", `"name" must not be "${reservedName}"`);
}

/** What somebody may set a status to; the others are seen, not set. */
export type SettableStatus = Extract<SpaceAgentStatus, "ACTIVE" | "INACTIVE">;

/** A build says nothing to those that run or are left out of it. */
export const statusesOutsideBuilds = ["RUNNING", "INACTIVE"] as const satisfies readonly SpaceAgentStatus[];
