import {
  type AssistantContent,
  type LanguageModel,
  type LanguageModelUsage,
  type ModelMessage,
  streamText,
  type ToolSet,
  tool,
} from "ai";
import { isJsonObject, type JsonObject } from "../../json.ts";
import type { EngineJob, Usage } from "../engine.ts";
import { tools } from "./tools.ts";
import { AnswerTooLong } from "./trouble.ts";

/** How long a model may be silent before its first word, and between words, until the step is tried again. */
export interface Patience {
  readonly firstChunkMs: number;
  readonly chunkMs: number;
}

export const usualPatience: Patience = { firstChunkMs: 300_000, chunkMs: 120_000 };

export interface StepRequest {
  readonly model: LanguageModel;
  readonly instructions: string;
  readonly messages: ModelMessage[];
  readonly patience: Patience;
}

/** What the model said and wants in one step, complete. */
export interface Step {
  /** Goes back to the model as it came, with what its provider attached. */
  readonly content: MessagePart[];
  readonly parts: readonly StepPart[];
  readonly calls: readonly ToolRequest[];
  readonly usage: Usage;
  readonly finishReason: string;
}

export interface StepPart {
  readonly kind: "said" | "thought";
  readonly text: string;
}

export interface ToolRequest {
  readonly id: string;
  readonly tool: string;
  readonly args: JsonObject;
}

const offered: ToolSet = Object.fromEntries(
  Object.entries(tools).map(([name, { description, schema }]) => [name, tool({ description, inputSchema: schema })]),
);

/** Lets Anthropic's API reuse the part of the prompt it saw in the step before; others ignore it. */
const PROVIDER_OPTIONS = { anthropic: { cacheControl: { type: "ephemeral" } } } as const;

/** Several times what models write at most; a local one may repeat itself for ever. */
const LONGEST_STEP_CHARACTERS = 2_000_000;

/** What one attempt at a step has to do with its job. */
export type Attempt = Pick<EngineJob, "signal" | "delta">;

/** Begins attempts at one step. The first text of an attempt after one that showed some says that it begins again. */
export function attemptsAt(job: Attempt): () => Attempt {
  let wasShown = false;
  return () => {
    let restarts = wasShown;
    const delta: Attempt["delta"] = (passing) => {
      job.delta(restarts ? { ...passing, restart: true } : passing);
      restarts = false;
      wasShown = true;
    };
    return { signal: job.signal, delta };
  };
}

/**
 * Asks the model once, showing its words as they come, and returns the whole step. Nothing is recorded and no
 * tool is run, so a step that broke off can be asked for again; its words are then shown again.
 *
 * @throws what the provider or the connection made of it, and the signal's reason when the job is aborted.
 */
export async function askModel(job: Attempt, request: StepRequest): Promise<Step> {
  const attempt = new AbortController();
  // The SDK begins to count when the provider has sent its headers; some never do.
  let length = 0;
  const silence = setTimeout(() => attempt.abort(), request.patience.firstChunkMs);
  try {
    const result = streamText({
      model: request.model,
      instructions: request.instructions,
      messages: request.messages,
      tools: offered,
      maxRetries: 0,
      abortSignal: AbortSignal.any([job.signal, attempt.signal]),
      timeout: request.patience,
      providerOptions: PROVIDER_OPTIONS,
      onError: () => undefined, // by default errors go to the console; here they are thrown below
    });
    for await (const part of result.stream) {
      if (part.type === "error") throw part.error;
      if (part.type === "abort") throw new Error(part.reason ?? "the request was stopped");
      if (part.type !== "start" && part.type !== "start-step") clearTimeout(silence);
      length += lengthOf(part);
      if (length > LONGEST_STEP_CHARACTERS) throw new AnswerTooLong();
      if (part.type === "text-delta" && part.text) job.delta({ channel: "text", text: part.text });
      if (part.type === "reasoning-delta" && part.text) job.delta({ channel: "analysis", text: part.text });
    }
    return stepOf(await result.content, await result.usage, await result.finishReason);
  } catch (error) {
    job.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(silence);
    attempt.abort();
  }
}

type Part = ReturnType<typeof streamText>["stream"] extends AsyncIterable<infer Item> ? Item : never;

function lengthOf(part: Part): number {
  if (part.type === "text-delta" || part.type === "reasoning-delta") return part.text.length;
  return part.type === "tool-input-delta" ? part.delta.length : 0;
}

type MessagePart = Exclude<AssistantContent, string>[number];
type Content = Awaited<ReturnType<typeof streamText>["content"]>;

function stepOf(content: Content, usage: LanguageModelUsage, finishReason: string): Step {
  const kept = content.map(messagePart).filter((part) => part !== null);
  return {
    content: kept,
    parts: kept.flatMap((part): StepPart[] => {
      if (part.type === "text") return [{ kind: "said", text: part.text }];
      return part.type === "reasoning" ? [{ kind: "thought", text: part.text }] : [];
    }),
    calls: kept.flatMap((part): ToolRequest[] =>
      part.type === "tool-call" ? [{ id: part.toolCallId, tool: part.toolName, args: argsOf(part.input) }] : [],
    ),
    usage: { inputTokens: usage.inputTokens ?? 0, outputTokens: usage.outputTokens ?? 0 },
    finishReason,
  };
}

/** The part of the next request that repeats this part of the answer; `null` for what need not be repeated. */
function messagePart(part: Content[number]): MessagePart | null {
  const providerOptions = "providerMetadata" in part ? part.providerMetadata : undefined;
  const options = providerOptions ? { providerOptions } : {};
  switch (part.type) {
    case "text":
      return part.text === "" ? null : { type: "text", text: part.text, ...options };
    case "reasoning":
      return { type: "reasoning", text: part.text, ...options };
    case "tool-call": {
      const { toolCallId, toolName } = part;
      return { type: "tool-call", toolCallId, toolName: safeName(toolName), input: argsOf(part.input), ...options };
    }
    default:
      return null;
  }
}

/** Arguments that were no JSON object are kept as the text they were, so that the model sees what it wrote. */
const argsOf = (input: unknown): JsonObject =>
  isJsonObject(input) ? input : { input: typeof input === "string" ? input : JSON.stringify(input) };

/** A name that the model made up must not spoil the next request. */
const safeName = (name: string) => name.replaceAll(/[^\w-]/g, "_").slice(0, 64) || "_";
