import { commit, type Reaction } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler, ReconcileResult } from "../../reconcile/queue.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { computerOf } from "../computers/service.ts";
import { nextDeadline } from "./agent.ts";
import { spaceOf } from "../spaces/space.ts";
import { type AgentSnapshot, agentOf } from "./change.ts";
import { deleteAgentsOf } from "./delete.ts";
import { becomeReady } from "./ready.ts";
import { putToSleep } from "./sleep.ts";

const concurrency = 16;
/** A deadline farther away is seen by a later look at everything. */
const horizonMs = 60_000;

/** Keeps agents moving: lets deadlines fall, and those whose computer runs get to work. Keyed by the agent's computer. */
export function createAgentReconciler(gateway: Gateway): Reconciler {
  // When each is looked at next without being asked for: one that is asked something has its deadline put off, and is
  // looked at when the old one would have fallen.
  const nextLooks = new Map<string, number>();
  return {
    name: "agents",
    concurrency,
    wants: (event) => {
      if (event.type === "computer.running") return computerOf(event).id;
      if (!event.type.startsWith("agent.") || event.type === "agent.prompted") return null;
      const agent = agentOf(event);
      const waits = event.type === "agent.changed" && canWait(agent, nextLooks.get(agent.computerId), gateway.now());
      return waits ? null : agent.computerId;
    },
    keys: () => keysToReconcile(gateway),
    async reconcile(computerId) {
      nextLooks.delete(computerId);
      const result = await reconcileAgent(gateway, computerId);
      if (result.againAfterMs) nextLooks.set(computerId, gateway.now().getTime() + result.againAfterMs);
      return result;
    },
  };
}

/** True when nothing is to be done for the agent before it is looked at next. */
function canWait(agent: AgentSnapshot, nextLookMs: number | undefined, now: Date): boolean {
  if (agent.state === "INIT" || nextLookMs === undefined) return false;
  const dueMs = nextDeadline(agent)?.at.getTime() ?? Number.POSITIVE_INFINITY;
  return now.getTime() < nextLookMs && nextLookMs <= dueMs;
}

/** What happens to a computer or a space happens to its agents in the same transaction. */
export const agentReactions: readonly Reaction[] = [
  {
    to: ["computer.running"],
    async react(unit, event) {
      const agent = await unit.tx.agent.findUnique({ where: { computerId: computerOf(event).id } });
      if (agent?.prepared) await becomeReady(unit, { id: agent.id });
    },
  },
  {
    to: ["computer.failed"],
    async react(unit, event) {
      const { id, lastError } = computerOf(event);
      const agent = await unit.tx.agent.findUnique({ where: { computerId: id }, select: { id: true } });
      if (agent) await putToSleep(unit, agent.id, "COMPUTER_FAILED", { lastError });
    },
  },
  { to: ["space.deleted"], react: (unit, event) => deleteAgentsOf(unit, spaceOf(event).name) },
];

async function reconcileAgent(gateway: Gateway, computerId: string): Promise<ReconcileResult> {
  // By hand, for every change of an agent asks for it.
  const [agent] = await gateway.store.sql.all<Agent>(`SELECT * FROM "Agent" WHERE "computerId" = ?`, [computerId]);
  if (!agent) return {};
  const due = nextDeadline(agent);
  const waitMs = due ? due.at.getTime() - gateway.now().getTime() : null;
  if (due && waitMs !== null && waitMs <= 0) {
    await letFall(gateway, agent, due.cause);
    return { againAfterMs: 0 };
  }
  if (agent.state === "INIT" && agent.prepared && (await runs(gateway, computerId))) await getReady(gateway, agent);
  return { againAfterMs: waitMs };
}

const runs = async ({ store }: Gateway, id: string) =>
  (await store.computer.count({ where: { id, phase: "RUNNING" } })) > 0;

/** Sleeps the agent, unless what the deadline counted from has changed since it was read. */
const letFall = (gateway: Gateway, agent: Agent, cause: Parameters<typeof putToSleep>[2]) =>
  commit(gateway, (unit) => putToSleep(unit, agent.id, cause, { only: agent }));

const getReady = (gateway: Gateway, agent: Agent) => commit(gateway, (unit) => becomeReady(unit, { id: agent.id }));

async function keysToReconcile(gateway: Gateway): Promise<readonly string[]> {
  const agents = await gateway.store.agent.findMany({
    where: { state: { in: ["INIT", "IDLE", "BUSY"] } }, // an index finds these; it cannot find what is not SLEPT
    select: {
      computerId: true,
      state: true,
      sleepAt: true,
      idleFrom: true,
      idleTimeoutSeconds: true,
      busyFrom: true,
      busyTimeoutSeconds: true,
    },
  });
  const horizon = gateway.now().getTime() + horizonMs;
  const isNear = (at: Date | undefined) => at !== undefined && at.getTime() <= horizon;
  return agents
    .filter((agent) => agent.state === "INIT" || isNear(nextDeadline(agent)?.at))
    .map(({ computerId }) => computerId);
}
