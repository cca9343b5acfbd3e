import { describe, expect, test } from "vitest";
import type { Exchange } from "../../src/engines/engine.ts";
import { CONVERSATION_TOKEN_BUDGET, withinBudget } from "../../src/engines/model/conversation.ts";
import { say } from "../support/model-server.ts";
import { CONTEXT_TOKENS, messagesOf, openModelRoom } from "./model-room.ts";

const exchange = (input: string, output: string, items: Exchange["items"] = []): Exchange => ({ input, output, items });

const sentFor = async (history: readonly Exchange[]) => {
  await using room = await openModelRoom([say("ok")]);
  await room.engine.answer(room.job({ text: "now", history }));
  return messagesOf(room, 0).filter(({ role }) => role !== "system");
};

describe("what a model knows of earlier responses", () => {
  test("are their inputs and answers, oldest first", async () => {
    const messages = await sentFor([exchange("later", "B"), exchange("first", "A")]);
    expect(messages.map(({ content }) => content)).toEqual(["first", "A", "later", "B", "now"]);
  });

  test("are their tool calls too, shortened; thoughts and calls without a result are left out", async () => {
    const messages = await sentFor([
      exchange("list", "Here", [
        { type: "commentary", channel: "analysis", text: "a thought" },
        { type: "tool_call", tool: "bash", args: { command: "ls" } },
        { type: "tool_result", tool: "bash", output: `[exit_code:0]\n${"x".repeat(50_000)}` },
        { type: "tool_call", tool: "a name no provider takes", args: {} },
        { type: "tool_result", tool: "a name no provider takes", output: {} },
        { type: "tool_call", tool: "bash", args: { command: "cancelled" } },
        { type: "final", channel: "final", text: "Here" },
      ]),
    ]);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant", "user"]);
    expect(messages[1]?.tool_calls?.[0]?.function).toEqual({ name: "bash", arguments: '{"command":"ls"}' });
    expect(messages[2]?.content).toMatch(/^\[exit_code:0\]\nx+\n\[… \d+ characters left out …\]$/);
    expect(JSON.stringify(messages)).not.toContain("thought");
    expect(JSON.stringify(messages)).not.toContain("cancelled");
    expect(JSON.stringify(messages).length).toBeLessThan(2000);
  });

  test("are whole exchanges within the budget where no summary can be had, and no more is read than fits", async () => {
    const large = "y".repeat(CONTEXT_TOKENS * 4 * 0.4);
    let read = 0;
    await using room = await openModelRoom([{ status: 400 }, say("ok")]);
    const job = room.job({ text: "now" });
    const history = async function* () {
      for (; ; read += 1) yield exchange(`input ${read}`, large);
    };
    await room.engine.answer({ ...job, history });
    const inputs = messagesOf(room, 1).filter(({ role }) => role === "user");
    expect(inputs.map(({ content }) => content)).toEqual(["input 1", "input 0", "now"]);
    expect(read).toBe(2);
  });

  test("have tool calls with ids of their own, for providers refuse what has one twice", async () => {
    const items = [
      { type: "tool_call", tool: "bash", args: { command: "ls" } },
      { type: "tool_result", tool: "bash", output: "a" },
    ];
    await using room = await openModelRoom([say("ok")]);
    const history = [exchange("later", "B", items), exchange("first", "A", [...items, ...items])];
    await room.engine.answer(room.job({ text: "now", history, recorded: items }));
    const messages = messagesOf(room, 0);
    const ids = messages.flatMap(({ tool_calls: calls = [] }) => calls.map(({ id }) => id));
    expect(new Set(ids).size).toBe(4);
    expect(messages.flatMap(({ tool_call_id: id }) => id ?? [])).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]{9}$/);
  });

  test("have no empty messages, which providers refuse", async () => {
    const messages = await sentFor([exchange(" ", "")]);
    expect(messages.map(({ content }) => content)).toEqual(["(empty)", "(no answer)", "now"]);
  });
});

test("a conversation that outgrows its budget keeps its newest tool output whole and shortens the oldest", () => {
  const output = "z".repeat(CONVERSATION_TOKEN_BUDGET * 4 * 0.6);
  const result = (toolCallId: string) => ({
    role: "tool" as const,
    content: [
      { type: "tool-result" as const, toolCallId, toolName: "bash", output: { type: "text" as const, value: output } },
    ],
  });
  const [first, second] = withinBudget([result("1"), result("2")]);
  expect(JSON.stringify(second)).toContain(output);
  expect(JSON.stringify(first)).toContain("characters left out");
  expect(JSON.stringify(first).length).toBeLessThan(1000);
});
