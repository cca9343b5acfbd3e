import { badInput, conflict } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { JsonObject } from "../../json.ts";
import type { SqlValue } from "../../store/sql.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import type { Response } from "../../store/generated/client/client.ts";
import { checkText } from "../../text.ts";
import { emitStatus } from "./change.ts";
import { endUnfinished } from "./end.ts";
import { asMade } from "./items.ts";
import type { Respondent } from "./respondent.ts";
import { checkInput } from "./response.ts";

/** What to do with a response for a respondent that has others unfinished. */
export type WhenBusy = "QUEUE" | "REJECT" | "INTERRUPT";

export interface CreateResponseInput {
  readonly input?: unknown;
  readonly whenBusy?: WhenBusy | null;
  /** A second call with the same key answers with the first call's response and makes none. */
  readonly idempotencyKey?: string | null;
}

/** So many may wait for one respondent. */
const longestQueue = 1000;
const longestKey = 200;

/**
 * Asks an agent or a session something. The response waits its turn; who rests is woken.
 *
 * @throws BAD_USER_INPUT for bad input, CONFLICT with `whenBusy: REJECT` while others are unfinished, or when
 *   too many wait.
 */
export async function createResponse(
  gateway: Gateway,
  respondent: Respondent,
  asked: CreateResponseInput,
): Promise<Response> {
  const input = checkInput(asked.input);
  checkKey(asked.idempotencyKey);
  const earlier = () => findByKey(gateway, respondent.id, asked.idempotencyKey);
  const known = await earlier();
  if (known) return known;
  try {
    return asMade(await commit(gateway, (unit) => addResponse(unit, respondent, input, asked)));
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
  asked: Respondent,
  input: JsonObject,
  { whenBusy, idempotencyKey, spaceAgent }: Omit<CreateResponseInput, "input"> & { readonly spaceAgent?: string } = {},
): Promise<Response> {
  const respondent = await asked.receive(unit);
  const { id: respondentId } = respondent;
  const waiting = await countUnfinished(unit, respondentId);
  if (whenBusy === "REJECT" && waiting > 0) throw stillBusy(respondent, waiting);
  if (waiting >= longestQueue) throw conflict(`${respondent.title} has ${waiting} responses waiting already`);
  if (whenBusy === "INTERRUPT") await interrupt(unit, respondent);
  const response = await insert(unit, [
    unit.gateway.newId(),
    respondentId,
    respondent.columns.agentId ?? null,
    respondent.columns.sessionId ?? null,
    spaceAgent ?? null,
    input,
    whenBusy === "INTERRUPT" ? await aboveAll(unit, respondentId) : 0,
    idempotencyKey ?? null,
    unit.gateway.actor,
    unit.at,
    unit.at,
  ]);
  await emitStatus(unit, respondent, response);
  return response;
}

async function countUnfinished({ sql }: Unit, respondentId: string): Promise<number> {
  const [row] = await sql.all<{ count: number }>(
    `SELECT CAST(count(*) AS INTEGER) AS "count" FROM "Response"
     WHERE "respondentId" = ? AND "status" IN ('PENDING', 'PROCESSING')`,
    [respondentId],
  );
  return row?.count ?? 0;
}

async function insert({ sql }: Unit, values: readonly SqlValue[]): Promise<Response> {
  const [response] = await sql.all<Response>(
    `INSERT INTO "Response" ("id", "respondentId", "agentId", "sessionId", "spaceAgent", "input", "priority",
     "idempotencyKey", "createdByName", "createdAt", "updatedAt") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    values,
  );
  if (!response) throw new Error("An INSERT returned no row");
  return response;
}

async function interrupt(unit: Unit, respondent: Respondent): Promise<void> {
  const stopped = await endUnfinished(unit, respondent, { status: "CANCELLED", only: "PROCESSING" });
  if (stopped > 0) await respondent.becomeIdle(unit);
}

/** The newest interruption goes first, also before those that still wait. */
async function aboveAll(unit: Unit, respondentId: string): Promise<number> {
  const { _max } = await unit.tx.response.aggregate({
    where: { respondentId, status: "PENDING" },
    _max: { priority: true },
  });
  return (_max.priority ?? 0) + 1;
}

const stillBusy = ({ title, state }: Respondent, waiting: number) =>
  conflict(`${title} is still working on ${waiting === 1 ? "a response" : `${waiting} responses`}`, { state });

function checkKey(key: string | null | undefined): void {
  checkText("idempotencyKey", key);
  if (key != null && (key.length === 0 || key.length > longestKey)) {
    throw badInput("idempotencyKey", `"idempotencyKey" must be 1 to ${longestKey} characters`);
  }
}

const findByKey = (gateway: Gateway, respondentId: string, idempotencyKey: string | null | undefined) =>
  idempotencyKey
    ? gateway.store.response.findUnique({
        where: { respondentId_idempotencyKey: { respondentId, idempotencyKey } },
      })
    : null;
