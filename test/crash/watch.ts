import { expect, vi } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";

/** After a crash everything has converged within this time: the promise, on a busy machine too. */
const convergenceMs = 15_000;

type Live = Pick<GatewayProcess, "live">;

/** One step of a response, as `responseProgress` tells it. */
export interface Step {
  readonly seq: number | null;
  readonly status: string | null;
  readonly item: { readonly raw: { readonly type: string; readonly output?: string } } | null;
  readonly response: { readonly failure: { readonly reason: string; readonly message: string } | null } | null;
}

const progress = `subscription ($id: ID!) {
  responseProgress(id: $id) { seq status item { raw } response { failure { reason message } } }
}`;

/**
 * Follows a subscription until `take` returns something, and returns that.
 *
 * @throws when that takes longer than the limit, or the subscription ends before.
 */
function firstOf<Found>(
  { live }: Live,
  what: string,
  request: { readonly query: string; readonly variables?: Record<string, unknown> },
  take: (data: any) => Found | null, // as the request asks for it
  limitMs = convergenceMs,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      stop();
      settle();
    };
    const fail = (why: string) => end(() => reject(new Error(`${what}: ${why}`)));
    const timer = setTimeout(() => fail(`not within ${limitMs / 1000} s`), limitMs);
    const stop = live.subscribe(request, {
      next: ({ data, errors }) => {
        if (errors || !data) return fail(JSON.stringify(errors));
        const found = take(data);
        return found === null ? undefined : end(() => resolve(found));
      },
      error: (error) => fail(error instanceof Error ? error.message : JSON.stringify(error)),
      complete: () => fail("the subscription ended"),
    });
  });
}

/** All stored steps of a response, as soon as it has ended. */
export function endOf(gateway: Live, id: string, limitMs = convergenceMs): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const request = { query: progress, variables: { id } };
  const take = ({ responseProgress: step }: { readonly responseProgress: Step }) => {
    if (step.seq !== null) steps.push(step);
    return isTerminal(step) ? steps : null;
  };
  return firstOf(gateway, `response ${id} ends`, request, take, limitMs);
}

/** Resolves with the first step of a response that fits. */
const untilStep = (gateway: Live, id: string, fits: (step: Step) => boolean): Promise<Step> =>
  firstOf<Step>(
    gateway,
    `a step of response ${id}`,
    { query: progress, variables: { id } },
    ({ responseProgress: step }) => (fits(step) ? step : null),
  );

/** Resolves when an item of that type is recorded. */
export const untilItem = (gateway: Live, id: string, type: string) =>
  untilStep(gateway, id, ({ item }) => item?.raw.type === type);

/** Resolves when the response is known to have this status. */
export const untilStatus = (gateway: Live, id: string, wanted: string) =>
  untilStep(gateway, id, ({ status }) => status === wanted);

/** Resolves when the agent is in one of the states. */
export const untilAgent = (gateway: Live, name: string, ...states: readonly string[]): Promise<string> =>
  firstOf<string>(
    gateway,
    `agent "${name}" becomes ${states.join(" or ")}`,
    { query: `subscription ($name: ID!) { agentChanged(name: $name) { state } }`, variables: { name } },
    ({ agentChanged: { state } }) => (states.includes(state) ? state : null),
  );

/** Looks again and again, where nothing announces it, until `look` throws no more; returns what it found. */
export const eventually = <Found>(look: () => Promise<Found> | Found): Promise<Found> =>
  vi.waitFor(look, { timeout: convergenceMs, interval: 20 });

/** One terminal event, the last of a gapless stream, and every call followed by its result. */
export function expectTruthful(steps: readonly Step[]): void {
  expect(steps.map(({ seq }) => seq)).toEqual(steps.map((_step, place) => place + 1));
  expect(steps.filter(isTerminal)).toEqual(steps.slice(-1));
  const calls = typesOf(steps).filter((type) => type.startsWith("tool_"));
  expect(calls).toEqual(calls.map((_type, place) => (place % 2 === 0 ? "tool_call" : "tool_result")));
  expect(calls.length % 2).toBe(0);
}

/** The types of the items among the steps. */
export const typesOf = (steps: readonly Step[]) => steps.flatMap(({ item }) => item?.raw.type ?? []);

const isTerminal = ({ status }: Step) => status !== null && status !== "PENDING" && status !== "PROCESSING";
