import type { ModelMessage } from "ai";
import { isJsonObject, type JsonObject } from "../../json.ts";
import type { Earlier, EngineJob, Exchange, ItemBody } from "../engine.ts";
import { toolUses } from "../items.ts";

/** From this size on, the oldest tool output and arguments of a conversation are shortened. */
export const CONVERSATION_TOKEN_BUDGET = 120_000;

/** The roughest of estimates, and the same for all models. */
export const CHARACTERS_PER_TOKEN = 4;
/** What is left of one tool's argument or output when it is shortened. */
const CONDENSED_CHARACTERS = 400;

/** What a model is told of what was said before, as it fits. */
export interface Told {
  /** Oldest first; those of the summary come first of all. */
  readonly messages: readonly ModelMessage[];
  readonly tokens: number;
  readonly exchanges: number;
  /** The newest exchange that did not fit: it, and what is older, is left out. */
  readonly leftOut: Exchange | null;
}

/** Reads what was said before, whole exchanges within the budget; no more is read than fits. */
export async function tellEarlier(earlier: Earlier, budget: number): Promise<Told> {
  const opening = earlier.summary === null ? [] : summaryMessages(earlier.summary);
  const exchanges: ModelMessage[][] = [];
  let tokens = estimateTokens(opening);
  for await (const exchange of earlier.history()) {
    const messages = exchangeMessages(exchange, exchanges.length + 1);
    const size = estimateTokens(messages);
    if (tokens + size > budget) return { ...told(opening, exchanges, tokens), leftOut: exchange };
    tokens += size;
    exchanges.unshift(messages);
  }
  return { ...told(opening, exchanges, tokens), leftOut: null };
}

const told = (opening: readonly ModelMessage[], exchanges: readonly ModelMessage[][], tokens: number) => ({
  messages: [...opening, ...exchanges.flat()],
  tokens,
  exchanges: exchanges.length,
});

/** How a summary is told: as said by the user, for what it holds was not written by the gateway. */
export const summaryMessages = (summary: string): ModelMessage[] => [
  { role: "user", content: `Summary of our conversation so far:\n\n${summary}` },
  { role: "assistant", content: "I will go on from there." },
];

/**
 * The conversation up to now, oldest first: what was said before, the input, and what an interrupted run of this
 * response recorded, where a tool_call without its result is left out.
 */
export const openConversation = (
  earlier: readonly ModelMessage[],
  job: Pick<EngineJob, "text">,
  recorded: readonly ItemBody[],
): ModelMessage[] => [...earlier, { role: "user", content: spoken(job.text, "(empty)") }, ...messagesOf(recorded, 0)];

/** The same conversation made to fit: newest messages whole, tool text of those before shortened. */
export function withinBudget(messages: readonly ModelMessage[], tokens = CONVERSATION_TOKEN_BUDGET): ModelMessage[] {
  let spent = 0;
  return messages
    .toReversed()
    .map((message) => {
      spent += estimateTokens([message]);
      return spent > tokens ? condensed(message) : message;
    })
    .toReversed();
}

/**
 * An exchange as it is told later: without thoughts, and with what its tools did in short. `age` tells its tool calls
 * from those of other exchanges in the same request, and is 1 or more.
 */
export const exchangeMessages = ({ input, output, items }: Exchange, age: number): ModelMessage[] => [
  { role: "user", content: spoken(input, "(empty)") },
  ...messagesOf(
    items.filter(({ type }) => type !== "commentary"),
    age,
  ).map(condensed),
  { role: "assistant", content: spoken(output, "(no answer)") },
];

/** Providers refuse messages without text. */
const spoken = (text: string, otherwise: string) => (text.trim() === "" ? otherwise : text);

/** Turns recorded items back into messages; what a provider would refuse or misread is left out. */
function messagesOf(items: readonly ItemBody[], age: number): ModelMessage[] {
  const results = new Map(toolUses(items).map(({ call, result }) => [call, result]));
  const said: { type: "text"; text: string }[] = [];
  return items.flatMap((item, position): ModelMessage[] => {
    if (item.type === "commentary" && item["reasoning"] !== true && typeof item["text"] === "string") {
      said.push({ type: "text", text: item["text"] });
    }
    const result = results.get(item);
    return result ? toolMessages(item, result, callId(age, position), said.splice(0)) : [];
  });
}

/** Providers refuse an id that comes twice in a request, and some one that is not of nine letters and digits. */
const callId = (age: number, position: number) => `c${age}x${position}`.padEnd(9, "z");

function toolMessages(
  call: ItemBody,
  result: ItemBody,
  toolCallId: string,
  said: { type: "text"; text: string }[],
): ModelMessage[] {
  const { tool: toolName, args: input } = call;
  // Items of outside workers may name tools in a way that providers refuse.
  if (typeof toolName !== "string" || !/^[\w-]{1,64}$/.test(toolName) || !isJsonObject(input)) return [];
  const output = typeof result["output"] === "string" ? result["output"] : JSON.stringify(result["output"] ?? null);
  return [
    { role: "assistant", content: [...said, { type: "tool-call", toolCallId, toolName, input }] },
    toolMessage(toolCallId, toolName, output),
  ];
}

/** The message that tells the model what one of its tool calls gave. */
export const toolMessage = (toolCallId: string, toolName: string, output: string): ModelMessage => ({
  role: "tool",
  content: [{ type: "tool-result", toolCallId, toolName, output: { type: "text", value: output } }],
});

function condensed(message: ModelMessage): ModelMessage {
  if (message.role === "tool") {
    const content = message.content.map((part) =>
      part.type === "tool-result" && part.output.type === "text"
        ? { ...part, output: { ...part.output, value: shortened(part.output.value) } }
        : part,
    );
    return { ...message, content };
  }
  if (message.role !== "assistant" || typeof message.content === "string") return message;
  const content = message.content.map((part) =>
    part.type === "tool-call" && isJsonObject(part.input) ? { ...part, input: shortenedArgs(part.input) } : part,
  );
  return { ...message, content };
}

const shortenedArgs = (args: JsonObject) =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === "string" ? shortened(value) : value]),
  );

/** The beginning of a long text, and how much more there was. */
export const shortened = (text: string, most = CONDENSED_CHARACTERS) =>
  text.length > most ? `${text.slice(0, most).toWellFormed()}\n[… ${text.length - most} characters left out …]` : text;

const estimateTokens = (messages: readonly ModelMessage[]) =>
  messages.length === 0 ? 0 : Math.ceil(JSON.stringify(messages).length / CHARACTERS_PER_TOKEN);
