import { badInput, conflict, notFound } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { JsonObject } from "../../json.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import type { Agent, Response } from "../../store/generated/client/client.ts";
import { changeAgent } from "../agents/change.ts";
import { checkText } from "../../text.ts";
import { wakeInside } from "../agents/wake.ts";
import { emitStatus, homeOf } from "./change.ts";
import { becomeIdle, endUnfinished } from "./end.ts";
import { checkInput, unfinished } from "./response.ts";

/** What to do with a response for an agent that has others unfinished. */
export type WhenBusy = "QUEUE" | "REJECT" | "INTERRUPT";

export interface CreateResponseInput {
  readonly input?: unknown;
  readonly whenBusy?: WhenBusy | null;
  /** A second call with the same key answers with the first call's response and makes none. */
  readonly idempotencyKey?: string | null;
}

/** So many may wait for one agent. */
const longestQueue = 1000;
const longestKey = 200;

/**
 * Asks an agent something. The response waits its turn; a sleeping agent is woken.
 *
 * @throws BAD_USER_INPUT for bad input, CONFLICT with `whenBusy: REJECT` while others are unfinished, or when
 *   too many wait.
 */
export async function createResponse(gateway: Gateway, agentId: string, asked: CreateResponseInput): Promise<Response> {
  const input = checkInput(asked.input);
  checkKey(asked.idempotencyKey);
  const earlier = () => findByKey(gateway, agentId, asked.idempotencyKey);
  const known = await earlier();
  if (known) return known;
  try {
    return await commit(gateway, (unit) => addResponse(unit, agentId, input, asked));
  } catch (error) {
    // Two calls with one key at once: the second finds what the first has made.
    const made = isUniqueViolation(error) ? await earlier() : null;
    if (made) return made;
    throw error;
  }
}

/** Adds a response inside a change. */
export async function addResponse(
  unit: Unit,
  agentId: string,
  input: JsonObject,
  { whenBusy, idempotencyKey }: Omit<CreateResponseInput, "input"> = {},
): Promise<Response> {
  const agent = await receive(unit, agentId);
  const waiting = await unit.tx.response.count({ where: { agentId, status: { in: [...unfinished] } } });
  if (whenBusy === "REJECT" && waiting > 0) throw stillBusy(agent, waiting);
  if (waiting >= longestQueue) throw conflict(`Agent "${agent.name}" has ${waiting} responses waiting already`);
  if (whenBusy === "INTERRUPT") await interrupt(unit, agent);
  const response = await unit.tx.response.create({
    data: {
      id: unit.gateway.newId(),
      respondentId: agentId,
      agentId,
      input,
      priority: whenBusy === "INTERRUPT" ? await aboveAll(unit, agentId) : 0,
      idempotencyKey: idempotencyKey ?? null,
      createdByName: unit.gateway.actor,
      createdAt: unit.at,
      updatedAt: unit.at,
    },
  });
  await emitStatus(unit, homeOf(agent), response);
  return response;
}

/** Being asked is activity: it wakes a sleeper, and an idle agent's time counts anew. */
async function receive(unit: Unit, id: string): Promise<Agent> {
  const agent =
    (await wakeInside(unit, id)) ??
    (await changeAgent(unit, { id, state: "IDLE" }, { lastActivityAt: unit.at, idleFrom: unit.at })) ??
    (await unit.tx.agent.findUnique({ where: { id } }));
  if (!agent) throw notFound("Agent", id);
  return agent;
}

async function interrupt(unit: Unit, agent: Agent): Promise<void> {
  const stopped = await endUnfinished(unit, agent, { status: "CANCELLED", only: "PROCESSING" });
  if (stopped > 0) await becomeIdle(unit, agent.id);
}

/** The newest interruption goes first, also before those that still wait. */
async function aboveAll(unit: Unit, agentId: string): Promise<number> {
  const { _max } = await unit.tx.response.aggregate({
    where: { agentId, status: "PENDING" },
    _max: { priority: true },
  });
  return (_max.priority ?? 0) + 1;
}

const stillBusy = (agent: Agent, waiting: number) =>
  conflict(`Agent "${agent.name}" is still working on ${waiting === 1 ? "a response" : `${waiting} responses`}`, {
    state: agent.state,
  });

function checkKey(key: string | null | undefined): void {
  checkText("idempotencyKey", key);
  if (key != null && (key.length === 0 || key.length > longestKey)) {
    throw badInput("idempotencyKey", `"idempotencyKey" must be 1 to ${longestKey} characters`);
  }
}

const findByKey = (gateway: Gateway, agentId: string, idempotencyKey: string | null | undefined) =>
  idempotencyKey
    ? gateway.store.response.findUnique({
        where: { respondentId_idempotencyKey: { respondentId: agentId, idempotencyKey } },
      })
    : null;
