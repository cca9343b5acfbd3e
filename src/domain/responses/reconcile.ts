import type { Engine } from "../../engines/engine.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler, ReconcileResult } from "../../reconcile/queue.ts";
import type { Agent, EngineKind, Response } from "../../store/generated/client/client.ts";
import { agentOf } from "../agents/change.ts";
import { answer } from "./answer.ts";
import { homeOf, moveResponse, responseFactsOf } from "./change.ts";
import { claim, nextPending, renewLeaseMs, renewLeases, takeOver } from "./claim.ts";
import { engineFor, offerToWorkers } from "./engine-choice.ts";
import { unfinished } from "./response.ts";

export type Engines = Readonly<Record<"SHELL" | "MODEL", Engine>>;

/** Answers each agent's responses one after another, in order. Keyed by the agent's id. */
export function createResponseReconciler(gateway: Gateway, engines: Engines): Reconciler {
  const shutdown = new AbortController();
  const answering = new Map<string, Promise<void>>();
  const renewal = setInterval(() => {
    if (answering.size === 0) return;
    const renewed = renewLeases(gateway, [...answering.keys()]);
    renewed.catch((error) => gateway.log.warn({ err: error }, "could not renew leases"));
  }, renewLeaseMs);

  const begin = (agent: Agent, response: Response, again: () => void) => {
    const engine = response.engine === "MODEL" ? engines.MODEL : engines.SHELL;
    const work = answer(gateway, engine, agent, response, shutdown.signal)
      .catch((error) => gateway.log.error({ err: error, response: response.id }, "an answer could not be stored"))
      .finally(() => {
        answering.delete(agent.id);
        again();
      });
    answering.set(agent.id, work);
  };

  return {
    name: "responses",
    concurrency: 32,
    wants: (event) => {
      if (event.type === "response.status") return responseFactsOf(event).agentId;
      if (event.type !== "agent.changed") return null;
      const { id, state } = agentOf(event);
      return state === "IDLE" ? id : null;
    },
    keys: () => agentsWithWork(gateway),
    heldElsewhere: () => agentsHeldElsewhere(gateway),
    async reconcile(agentId, again) {
      const agent = await gateway.store.agent.findUnique({ where: { id: agentId } });
      if (!agent || answering.has(agentId) || shutdown.signal.aborted) return {};
      const lost = await gateway.store.response.findFirst({
        where: { agentId, status: "PROCESSING", leaseUntil: { not: null } },
      });
      if (lost) return resume(gateway, lost, (taken) => begin(agent, taken, again));
      return startNext(gateway, agent, (claimed) => begin(agent, claimed, again));
    },
    async stop() {
      clearInterval(renewal);
      await drain(gateway, answering);
      shutdown.abort();
      await Promise.all(answering.values());
    },
  };
}

/** Goes on with a response whose process died, once its lease is over. */
async function resume(gateway: Gateway, lost: Response, begin: (taken: Response) => void): Promise<ReconcileResult> {
  const waitMs = (lost.leaseUntil?.getTime() ?? 0) - gateway.now().getTime();
  if (waitMs > 0) return { againAfterMs: waitMs };
  const taken = await takeOver(gateway, lost);
  if (taken) begin(taken);
  return { againAfterMs: taken ? null : renewLeaseMs };
}

async function startNext(gateway: Gateway, agent: Agent, begin: (claimed: Response) => void): Promise<ReconcileResult> {
  const next = await nextPending(gateway, agent.id);
  if (!next) return {};
  const kind = await engineFor(gateway, agent);
  if (kind === "EXTERNAL") await offerToWorkers(gateway, agent, next);
  if (!canAnswer(agent, kind)) return {};
  if (agent.setupStatus === "FAILED") {
    await failForSetup(gateway, agent, next.id);
    return { againAfterMs: 0 };
  }
  const claimed = await claim(gateway, agent, next.id, kind);
  if (claimed) begin(claimed);
  return {};
}

/** A model needs no computer to begin: its tools wait for one. Everything else does. */
const canAnswer = ({ state, prepared }: Agent, engine: EngineKind) =>
  engine !== "EXTERNAL" && (state === "IDLE" || (engine === "MODEL" && state === "INIT" && prepared));

const failForSetup = (gateway: Gateway, agent: Agent, id: string) =>
  commit(gateway, (unit) => {
    const message = agent.lastError ?? "The set-up script failed";
    const failure = { reason: "SETUP_FAILED", message, evidence: { output: agent.setupOutput?.slice(-2000) } } as const;
    return moveResponse(unit, homeOf(agent), { id, status: "PENDING" }, "FAILED", { failure });
  });

/** Gives what runs a grace time to end by itself. */
async function drain(gateway: Gateway, answering: ReadonlyMap<string, Promise<void>>): Promise<void> {
  if (answering.size === 0) return;
  const grace = new AbortController();
  const timeUp = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, gateway.config.drainSeconds * 1000);
    grace.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  await Promise.race([Promise.all(answering.values()), timeUp]);
  grace.abort();
}

async function agentsWithWork(gateway: Gateway): Promise<readonly string[]> {
  const rows = await gateway.store.response.findMany({
    where: { status: { in: [...unfinished] } },
    distinct: ["respondentId"],
    select: { respondentId: true },
  });
  return rows.map(({ respondentId }) => respondentId);
}

/** The agents whose responses other processes are answering. */
async function agentsHeldElsewhere({ store, replicaId }: Gateway): Promise<readonly string[]> {
  const rows = await store.response.findMany({
    where: { status: "PROCESSING", AND: [{ leaseOwner: { not: null } }, { leaseOwner: { not: replicaId } }] },
    select: { respondentId: true },
  });
  return rows.map(({ respondentId }) => respondentId);
}
