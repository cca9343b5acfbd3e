import type { ItemBody } from "./engine.ts";

/** Thinking, or what is said before a tool is used; `thought` marks what the model did not say aloud. */
export const commentary = (text: string, thought = false): ItemBody => ({
  type: "commentary",
  channel: "analysis",
  text: storable(text),
  ...(thought ? { reasoning: true } : {}),
});

export const toolCall = (tool: string, args: Readonly<Record<string, unknown>>): ItemBody => ({
  type: "tool_call",
  tool,
  args: storableArgs(args),
});

export const toolResult = (tool: string, output: string): ItemBody => ({
  type: "tool_result",
  tool,
  output: storable(output),
});

/** Why nobody saw the end of what ran when a gateway process died. */
export const RESTARTED = "interrupted: the gateway restarted";

/** Stands for the result of a call whose end nobody saw: it has no exit code and no output, only the reason. */
export function unseenResult(tool: string, why: string): ItemBody {
  const said = `${why}; what it did is not known`;
  return toolResult(tool, tool === "bash" ? `[exit_code:none]\n[${said}]` : said);
}

/** The answer; mirrors the response's `output.text`. */
export const final = (text: string): ItemBody => ({ type: "final", channel: "final", text: storable(text) });

/** Text that every database accepts as JSON: no NUL, no half of a surrogate pair. */
export const storable = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");

const storableArgs = (args: Readonly<Record<string, unknown>>): unknown =>
  JSON.parse(JSON.stringify(args), (_key, value: unknown) => (typeof value === "string" ? storable(value) : value));

export interface ToolUse {
  readonly call: ItemBody;
  /** `undefined` when nothing was recorded after the call. */
  readonly result: ItemBody | undefined;
}

/** Pairs each tool_call with the next tool_result of the same tool (document C, "Items Structure"), in order. */
export function toolUses(items: readonly ItemBody[]): ToolUse[] {
  const uses: { call: ItemBody; result: ItemBody | undefined }[] = [];
  const open = new Map<unknown, typeof uses>();
  for (const item of items) {
    const { tool } = item;
    if (item.type === "tool_call") {
      const use = { call: item, result: undefined };
      const waiting = open.get(tool) ?? [];
      waiting.push(use);
      open.set(tool, waiting);
      uses.push(use);
    } else if (item.type === "tool_result") {
      const answered = open.get(tool)?.shift();
      if (answered) answered.result = item;
    }
  }
  return uses;
}

/** The text of the `final` item, `undefined` when there is none. */
export function finalText(items: readonly ItemBody[]): string | undefined {
  const text = items.findLast((item) => item.type === "final")?.["text"];
  return typeof text === "string" ? text : undefined;
}
