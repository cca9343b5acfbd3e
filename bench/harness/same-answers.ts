import { deepStrictEqual } from "node:assert";
import type { Entrant } from "./rounds.ts";

/**
 * Asks everybody once: all must answer the same, or the comparison means nothing. `madeNew` says that each makes a
 * thing of its own, whose id and times may differ.
 *
 * @throws {Error} naming who answered differently from the first.
 */
export async function requireSameAnswers(entrants: readonly Entrant[], { madeNew = false } = {}): Promise<void> {
  const given = await Promise.all(entrants.map(answerOf));
  const answers = madeNew ? given.map(withoutOwn) : given;
  requireSame(entrants.map(({ name }, place) => ({ name, answer: answers[place] })));
}

/** @throws {Error} naming who answered differently from the first. */
export function requireSame(answers: readonly { readonly name: string; readonly answer: unknown }[]): void {
  const [first] = answers;
  for (const { name, answer } of answers) {
    deepStrictEqual(answer, first?.answer, `${name} answers differently from ${first?.name}`);
  }
}

async function answerOf({ name, running, requests }: Entrant): Promise<unknown> {
  const [request] = requests;
  if (!request) throw new Error(`${name} is asked nothing`);
  const { method, headers, body } = request;
  const response = await fetch(running.url + request.path, { method, headers, ...(body ? { body } : {}) });
  const answer: unknown = await response.json();
  if (!response.ok || isRefusal(answer)) throw new Error(`${name} refuses: ${JSON.stringify(answer).slice(0, 500)}`);
  return answer;
}

const ownValue = /"[0-9a-f]{8}-[0-9a-f-]{27}"|"\d{4}-\d\d-\d\dT[\d:.]+Z"/g;
const withoutOwn = (answer: unknown): unknown => JSON.parse(JSON.stringify(answer).replaceAll(ownValue, '"its own"'));

const isRefusal = (answer: unknown) => typeof answer === "object" && answer !== null && "errors" in answer;
