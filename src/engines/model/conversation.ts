import type { ModelMessage } from "ai";
import { isJsonObject, type JsonObject } from "../../json.ts";
import type { EngineJob, Exchange, ItemBody } from "../engine.ts";
import { toolUses } from "../items.ts";

/** How much of earlier exchanges a prompt carries. */
export const HISTORY_TOKEN_BUDGET = 32_000;
/** From this size on, the oldest tool output and arguments of a conversation are shortened. */
export const CONVERSATION_TOKEN_BUDGET = 120_000;

const CHARACTERS_PER_TOKEN = 4;
/** What is left of one tool's argument or output when it is shortened. */
const CONDENSED_CHARACTERS = 400;

/**
 * The conversation up to now, oldest first: earlier exchanges within their budget, the input, and what an
 * interrupted run of this response recorded, where a tool_call without its result is left out.
 */
export async function openConversation(job: EngineJob, recorded: readonly ItemBody[]): Promise<ModelMessage[]> {
  const earlier = await historyMessages(job.history());
  return [...earlier, { role: "user", content: spoken(job.text, "(empty)") }, ...messagesOf(recorded)];
}

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

async function historyMessages(history: AsyncIterable<Exchange>): Promise<ModelMessage[]> {
  const exchanges: ModelMessage[][] = [];
  let left = HISTORY_TOKEN_BUDGET;
  for await (const exchange of history) {
    const messages = exchangeMessages(exchange);
    left -= estimateTokens(messages);
    if (left < 0) break;
    exchanges.unshift(messages);
  }
  return exchanges.flat();
}

const exchangeMessages = ({ input, output, items }: Exchange): ModelMessage[] => [
  { role: "user", content: spoken(input, "(empty)") },
  ...messagesOf(items.filter(({ type }) => type !== "commentary")).map(condensed),
  { role: "assistant", content: spoken(output, "(no answer)") },
];

/** Providers refuse messages without text. */
const spoken = (text: string, otherwise: string) => (text.trim() === "" ? otherwise : text);

/** Turns recorded items back into messages; what a provider would refuse or misread is left out. */
function messagesOf(items: readonly ItemBody[]): ModelMessage[] {
  const results = new Map(toolUses(items).map(({ call, result }) => [call, result]));
  const said: { type: "text"; text: string }[] = [];
  return items.flatMap((item, position): ModelMessage[] => {
    if (item.type === "commentary" && item["reasoning"] !== true && typeof item["text"] === "string") {
      said.push({ type: "text", text: item["text"] });
    }
    const result = results.get(item);
    return result ? toolMessages(item, result, `call_${position}`, said.splice(0)) : [];
  });
}

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

const shortened = (text: string) =>
  text.length > CONDENSED_CHARACTERS
    ? `${text.slice(0, CONDENSED_CHARACTERS).toWellFormed()}\n[… ${text.length - CONDENSED_CHARACTERS} characters left out …]`
    : text;

const estimateTokens = (messages: readonly ModelMessage[]) =>
  Math.ceil(JSON.stringify(messages).length / CHARACTERS_PER_TOKEN);
