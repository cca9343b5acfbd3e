import { randomUUID } from "node:crypto";
import { type Ended, runInComputer } from "../command.ts";
import type { EngineJob, Failure, HandlerCall } from "../engine.ts";
import { failureOfEnd } from "../failures.ts";
import { OutputCapture } from "../output-capture.ts";
import { answerCommand } from "./launcher.ts";
import { OutcomeReader } from "./outcome.ts";

const AGENT_FOLDER = "/agent";
/** So much of what a handler printed or of where it failed is evidence. */
const EVIDENCE_LETTERS = 4000;

/** What a handler is called with, and where. */
export interface HandlerRequest extends Pick<EngineJob, "computer" | "environment" | "signal"> {
  readonly call: HandlerCall;
  readonly message: string;
  readonly timeoutMs: number;
  /** Whether the main process of the computer, a deployed agent, notes the call in its log. */
  readonly announces: boolean;
  readonly onPrint?: (text: string) => void;
}

/** What came of a call; `printed` is all that the handler printed, shortened in the middle when it is long. */
export type HandlerReport = { readonly printed: string } & ({ readonly text: string } | { readonly failure: Failure });

/**
 * Calls the handler of a space agent in a computer. The message goes in by standard input and the answer comes back
 * on a way of its own, under a word that only this call knows: nothing that a handler prints is taken for it.
 *
 * @throws the signal's reason when it aborts.
 */
export async function callHandler(request: HandlerRequest): Promise<HandlerReport> {
  const { call, message, announces, timeoutMs, environment: env } = request;
  const nonce = randomUUID();
  const { agent, handler, context } = call;
  const outcome = new OutcomeReader(nonce);
  const printed = new OutputCapture();
  const ended = await runInComputer(request, {
    argv: answerCommand(call),
    stdin: JSON.stringify({ nonce, agent, handler, message, context, announces }),
    cwd: AGENT_FOLDER,
    env,
    timeoutMs,
    onOutput: (chunk, stream) => {
      if (stream === "stdout") return outcome.push(chunk);
      const text = printed.push(chunk, stream);
      if (text !== "") request.onPrint?.(text);
    },
  });
  request.signal.throwIfAborted();
  return reportOf(request, ended, outcome, printed.finish());
}

function reportOf({ call, timeoutMs }: HandlerRequest, ended: Ended, reader: OutcomeReader, printed: string) {
  const outcome = reader.outcome();
  if (outcome && "value" in outcome) return { printed, text: textOf(outcome.value) };
  const failure = outcome
    ? failureOfOutcome(call, outcome)
    : (failureOfEnd(ended, timeoutMs) ?? failureWithoutOutcome(call, ended, reader, printed));
  return { printed, failure };
}

function failureOfOutcome({ handler }: HandlerCall, outcome: Exclude<Outcome, { value: unknown }>): Failure {
  if ("missing" in outcome) return failedHandler(outcome.missing);
  return failedHandler(`The handler ${handler} raised ${outcome.raised}`, {
    traceback: outcome.trace.slice(-EVIDENCE_LETTERS),
  });
}

type Outcome = NonNullable<ReturnType<OutcomeReader["outcome"]>>;

function failureWithoutOutcome(
  { handler, runtime }: HandlerCall,
  { exitCode }: Ended,
  { isTooLong }: OutcomeReader,
  printed: string,
): Failure {
  if (isTooLong) return failedHandler(`The handler ${handler} answered more than may be kept`);
  const evidence = { exitCode, output: printed.slice(-EVIDENCE_LETTERS) };
  if (exitCode === 127) return failedHandler(`The computer has no "${runtime}" to run the handler with`, evidence);
  return failedHandler(`The handler ${handler} ended its process without an answer`, evidence);
}

const failedHandler = (message: string, evidence?: Failure["evidence"]): Failure => ({
  reason: "HANDLER_FAILED",
  message,
  ...(evidence ? { evidence } : {}),
});

/** What of an object is its text, in the order in which they are looked for. */
const TEXT_KEYS = ["text", "content", "message", "response"] as const;

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const keyed = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {}; // JSON
  const text = TEXT_KEYS.map((key) => keyed[key]).find((each) => typeof each === "string");
  return typeof text === "string" ? text : JSON.stringify(value);
}
