import type {
  Engine,
  EngineJob,
  EngineOutcome,
  Exchange,
  HandlerCall,
  ItemBody,
  PassingText,
  Usage,
} from "../../src/engines/engine.ts";
import type { TestWorkspace } from "../support/workspace.ts";

export interface TestJob extends EngineJob {
  /** What was recorded in this run and before it. */
  readonly items: readonly ItemBody[];
  /** Summaries that are told from now on, the newest last. */
  readonly summaries: readonly string[];
  readonly deltas: readonly PassingText[];
  /** What was spent in this run. */
  readonly usage: Usage;
  /** What the deltas of one channel say together. */
  shown(channel: string): string;
  abort(reason?: unknown): void;
}

export interface JobOptions {
  readonly computer: TestWorkspace;
  readonly text?: string;
  readonly instructions?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly history?: readonly Exchange[];
  readonly summary?: string;
  readonly handler?: HandlerCall;
  readonly recorded?: readonly ItemBody[];
  /** Runs before an item is recorded; what it throws is thrown by `append`. */
  readonly beforeAppend?: (item: ItemBody, count: number, job: TestJob) => void;
  readonly onDelta?: (job: TestJob) => void;
}

/** A job whose items are kept as the store keeps them: as JSON. */
export function createTestJob(options: JobOptions): TestJob {
  const controller = new AbortController();
  const items: ItemBody[] = [...(options.recorded ?? [])];
  const summaries: string[] = [];
  const deltas: PassingText[] = [];
  let usage: Usage = { inputTokens: 0, outputTokens: 0 };
  const count = ({ inputTokens, outputTokens }: Usage) => {
    usage = { inputTokens: usage.inputTokens + inputTokens, outputTokens: usage.outputTokens + outputTokens };
  };
  const job: TestJob = {
    responseId: "00000000-0000-7000-8000-000000000000",
    text: options.text ?? "hello",
    instructions: options.instructions ?? null,
    recorded: [...(options.recorded ?? [])],
    handler: options.handler ?? null,
    environment: options.environment ?? {},
    computer: options.computer,
    signal: controller.signal,
    items,
    summaries,
    deltas,
    summary: options.summary ?? null,
    async *history() {
      yield* options.history ?? [];
    },
    get usage() {
      return usage;
    },
    compact: async (summary, item, spent) => {
      count(spent);
      summaries.push(summary);
      items.push(item);
    },
    append: async (item, spent) => {
      options.beforeAppend?.(item, items.length, job);
      if (spent) count(spent);
      items.push(JSON.parse(JSON.stringify(item)) as ItemBody); // what was put in
    },
    delta: (delta) => {
      deltas.push(delta);
      options.onDelta?.(job);
    },
    shown: (channel) =>
      deltas
        .filter((delta) => delta.channel === channel)
        .map(({ text }) => text)
        .join(""),
    abort: (reason = new Error("cancelled")) => controller.abort(reason),
  };
  return job;
}

/** Has an engine answer a job, and records its first and last items as the gateway does. */
export async function answerJob(engine: Engine, job: TestJob): Promise<EngineOutcome> {
  const opening = job.recorded.length === 0 ? (engine.opening?.(job.text) ?? []) : [];
  for (const item of opening) await job.append(item);
  const { items = [], ...outcome } = await engine.answer(job);
  for (const item of items) await job.append(item);
  return outcome;
}

/** What is wrong with the order of a response's items, as document C pairs them; empty when nothing is. */
export function itemFaults(items: readonly ItemBody[], options: { readonly open?: boolean } = {}): string[] {
  const faults: string[] = [];
  let called: unknown = null;
  for (const [place, item] of items.entries()) {
    if (item.type === "tool_result") {
      if (called === null || called !== item["tool"]) faults.push(`result without its call at ${place}`);
      called = null;
    } else {
      if (called !== null) faults.push(`call without a result before ${place}`);
      called = item.type === "tool_call" ? item["tool"] : null;
    }
    if (item.type === "final" && place !== items.length - 1) faults.push(`final is not last, at ${place}`);
  }
  if (called !== null && !options.open) faults.push("the last call has no result");
  return faults;
}
