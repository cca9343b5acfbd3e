import type { Unit } from "../../events/commit.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { changeAgentBy } from "./change.ts";

// What happens to an agent with every response, so its statements are written by hand. Each of these changes is made
// only if the agent still is in the state it is made from, and told as any other change of an agent.

const touch = `UPDATE "Agent" SET "lastActivityAt" = ?, "idleFrom" = ?, "updatedAt" = ?
  WHERE "id" = ? AND "state" = 'IDLE' RETURNING *`;

/** Has the idle time of a waiting agent count anew; `null`, and no change, when it does not wait. */
export const touchIdle = (unit: Unit, id: string) => changeAgentBy(unit, touch, [unit.at, unit.at, unit.at, id]);

const begin = `UPDATE "Agent" SET "state" = 'BUSY', "idleFrom" = NULL, "busyFrom" = ?, "lastActivityAt" = ?,
  "updatedAt" = ? WHERE "id" = ? AND "state" = ? RETURNING *`;

/** Makes the agent BUSY; `null`, and no change, when it is not in that state any more. */
export const beginWork = (unit: Unit, id: string, from: "INIT" | "IDLE") =>
  changeAgentBy(unit, begin, [unit.at, unit.at, unit.at, id, from]);

const end = `UPDATE "Agent" SET "state" = 'IDLE', "idleFrom" = ?, "busyFrom" = NULL, "lastActivityAt" = ?,
  "updatedAt" = ? WHERE "id" = ? AND "state" = 'BUSY'
  AND NOT EXISTS (SELECT 1 FROM "Response" WHERE "respondentId" = "Agent"."id" AND "status" = 'PROCESSING')
  RETURNING *`;

/** Makes the agent IDLE once none of its responses is worked on; `null`, and no change, while one is. */
export const endWork = (unit: Unit, id: string) => changeAgentBy(unit, end, [unit.at, unit.at, unit.at, id]);

/** The agent as it is, held until the change is made: whoever puts it to sleep waits for what is being added to it. */
export async function holdAgent({ sql }: Unit, id: string): Promise<Agent | null> {
  const [agent] = await sql.all<Agent>(`UPDATE "Agent" SET "idleFrom" = "idleFrom" WHERE "id" = ? RETURNING *`, [id]);
  return agent ?? null;
}
