import type { Engine, Failure } from "../../engines/engine.ts";
import { commit } from "../../events/commit.ts";
import type { LogEvent } from "../../events/event.ts";
import type { Gateway } from "../../gateway.ts";
import { renewLeaseMs } from "../../reconcile/lease.ts";
import type { Reconciler, ReconcileResult } from "../../reconcile/queue.ts";
import type { EngineKind, Response } from "../../store/generated/client/client.ts";
import { endsWithin } from "../../timers.ts";
import { agentOf } from "../agents/change.ts";
import { sessionOf } from "../sessions/change.ts";
import { answer } from "./answer.ts";
import { moveResponse, responseFactsOf } from "./change.ts";
import { claim, nextPending, renewLeases, takenOf, takeOver } from "./claim.ts";
import { createClaimsFirst } from "./claims-first.ts";
import { engineFor, failureOfChoice, offerToWorkers } from "./engine-choice.ts";
import { rememberedRespondent } from "./find-respondent.ts";
import type { Respondent } from "./respondent.ts";
import { unfinished, wordsOf } from "./response.ts";

export type Engines = Readonly<Record<"SHELL" | "MODEL" | "HANDLER", Engine>>;

/** Answers the responses of each agent and session one after another, in order. Keyed by the respondent's id. */
export function createResponseReconciler(gateway: Gateway, engines: Engines): Reconciler {
  const shutdown = new AbortController();
  const answering = new Map<string, Promise<void>>();
  const claims = createClaimsFirst();
  const renewal = setInterval(() => {
    if (answering.size === 0) return;
    const renewed = renewLeases(gateway, [...answering.keys()]);
    renewed.catch((error) => gateway.log.warn({ err: error }, "could not renew leases"));
  }, renewLeaseMs);

  const begin = (respondent: Respondent, response: Response, again: () => void) => {
    const work = claims
      .over()
      .then(() => answer(gateway, engineOf(engines, response.engine), respondent, response, shutdown.signal))
      .catch((error) => gateway.log.error({ err: error, response: response.id }, "an answer could not be stored"))
      .finally(() => {
        answering.delete(respondent.id);
        again();
      });
    answering.set(respondent.id, work);
  };

  const look = async (respondentId: string, again: () => void): Promise<ReconcileResult> => {
    if (answering.has(respondentId) || shutdown.signal.aborted) return {};
    const respondent = await rememberedRespondent(gateway, respondentId);
    if (!respondent) return {};
    if (isLeftToWorkers(respondent) && respondent.state === "IDLE") return {}; // nobody has taken anything of it
    const beginOn = (response: Response) => begin(respondent, response, again);
    const taken = await takenOf(gateway, respondentId);
    if (taken) return resume(gateway, taken, beginOn);
    return isLeftToWorkers(respondent) ? {} : startNext(gateway, engines, respondent, beginOn);
  };

  return {
    name: "responses",
    concurrency: 100,
    wants: whoMayBegin,
    keys: () => respondentsWithWork(gateway),
    heldElsewhere: () => respondentsHeldElsewhere(gateway),
    reconcile: (respondentId, { again }) => claims.claim(() => look(respondentId, again)),
    async stop() {
      // What runs is given a grace time to end by itself, and is this process's until then.
      await endsWithin(Promise.all(answering.values()), gateway.config.drainSeconds * 1000);
      shutdown.abort();
      await Promise.all(answering.values());
      clearInterval(renewal);
    },
  };
}

const engineOf = (engines: Engines, kind: EngineKind | null): Engine =>
  engines[kind === "MODEL" || kind === "HANDLER" ? kind : "SHELL"];

/** The respondent that has something to answer since this event, or can begin since. */
function whoMayBegin(event: LogEvent): string | null {
  if (event.type === "response.status") {
    const { agentId, sessionId } = responseFactsOf(event);
    return agentId ?? sessionId ?? null;
  }
  const asItIs =
    event.type === "agent.changed"
      ? agentOf(event)
      : event.type === "session.changed" || event.type === "session.timedOut"
        ? sessionOf(event)
        : null;
  return asItIs?.state === "IDLE" ? asItIs.id : null;
}

/** An agent's own choice of outside workers leaves nothing to begin here; a session may still ask a space agent. */
const isLeftToWorkers = ({ engine, columns }: Respondent) => engine === "EXTERNAL" && columns.agentId !== undefined;

/** Goes on with a response whose process died, once its lease is over. */
async function resume(gateway: Gateway, lost: Response, begin: (taken: Response) => void): Promise<ReconcileResult> {
  const waitMs = (lost.leaseUntil?.getTime() ?? 0) - gateway.now().getTime();
  if (waitMs > 0) return { againAfterMs: waitMs };
  const taken = await takeOver(gateway, lost);
  if (taken) begin(taken);
  return { againAfterMs: taken ? null : renewLeaseMs };
}

async function startNext(
  gateway: Gateway,
  engines: Engines,
  respondent: Respondent,
  begin: (claimed: Response) => void,
): Promise<ReconcileResult> {
  const next = await nextPending(gateway, respondent.id);
  if (!next) return {};
  const engine = await engineFor(gateway, respondent, next).catch(failureOfChoice);
  if (typeof engine !== "string") {
    await failBroken(gateway, respondent, next.id, engine);
    return { againAfterMs: 0 };
  }
  if (engine === "EXTERNAL") await offerToWorkers(gateway, respondent, next);
  const from = readyState(respondent, engine);
  if (from === null) return {};
  if (respondent.broken) {
    await failBroken(gateway, respondent, next.id, respondent.broken);
    return { againAfterMs: 0 };
  }
  const opening = engineOf(engines, engine).opening?.(wordsOf(next)) ?? [];
  const claimed = await claim(gateway, respondent, next.id, { engine, from, opening });
  if (claimed) begin(claimed);
  return {};
}

/**
 * The state from which the respondent can begin now; `null` when it cannot. A model needs no computer to begin: its
 * tools wait for one. Everything else does.
 */
function readyState({ state, prepared }: Respondent, engine: EngineKind): "INIT" | "IDLE" | null {
  if (engine === "EXTERNAL") return null;
  if (state === "IDLE") return state;
  return engine === "MODEL" && state === "INIT" && prepared ? state : null;
}

const failBroken = (gateway: Gateway, respondent: Respondent, id: string, failure: Failure) =>
  commit(gateway, (unit) => moveResponse(unit, respondent, { id, status: "PENDING" }, "FAILED", { failure }));

async function respondentsWithWork(gateway: Gateway): Promise<readonly string[]> {
  const rows = await gateway.store.response.findMany({
    where: { status: { in: [...unfinished] } },
    distinct: ["respondentId"],
    select: { respondentId: true },
  });
  return rows.map(({ respondentId }) => respondentId);
}

/** The respondents whose responses other processes are answering. */
async function respondentsHeldElsewhere({ store, replicaId }: Gateway): Promise<readonly string[]> {
  const rows = await store.response.findMany({
    where: { status: "PROCESSING", AND: [{ leaseOwner: { not: null } }, { leaseOwner: { not: replicaId } }] },
    select: { respondentId: true },
  });
  return rows.map(({ respondentId }) => respondentId);
}
