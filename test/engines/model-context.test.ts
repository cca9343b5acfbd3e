import { describe, expect, test } from "vitest";
import type { Exchange } from "../../src/engines/engine.ts";
import { type Reply, say, use } from "../support/model-server.ts";
import { CONTEXT_TOKENS, GATEWAY_KEY, messagesOf, openModelRoom } from "./model-room.ts";

/** An exchange that takes this part of what may be told. */
const exchange = (input: string, part: number): Exchange => ({
  input,
  output: "y".repeat(CONTEXT_TOKENS * 4 * part),
  items: [],
});
const contentsOf = (messages: ReturnType<typeof messagesOf>) =>
  messages.filter(({ role }) => role !== "system").map(({ content }) => content);
const summaryOf = (text: string) => `Summary of our conversation so far:\n\n${text}`;
const note = { type: "commentary", channel: "analysis", text: expect.stringContaining("summarised") };

describe("what was said before a cut-off", () => {
  test("is told as its summary, before what was said since", async () => {
    await using room = await openModelRoom([say("ok")]);
    const history = [{ input: "since", output: "A", items: [] }];
    await room.engine.answer(room.job({ text: "now", summary: "The user likes tea.", history }));
    expect(contentsOf(messagesOf(room, 0))).toEqual([
      summaryOf("The user likes tea."),
      "I will go on from there.",
      "since",
      "A",
      "now",
    ]);
    expect(JSON.stringify(messagesOf(room, 0).filter(({ role }) => role === "system"))).not.toContain("tea");
  });
});

describe("a conversation that nears what may be told", () => {
  const history = [exchange("newest", 0.5), exchange("older", 0.45)];

  test("is summarised, and the summary told in its place from then on", async () => {
    await using room = await openModelRoom([say("They spoke of y."), say("ok")]);
    const job = room.job({ text: "now", history });
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "ok" });
    expect(job.summaries).toEqual(["They spoke of y."]);
    expect(contentsOf(messagesOf(room, 1))).toEqual([summaryOf("They spoke of y."), "I will go on from there.", "now"]);
    expect(job.items[0]).toEqual(note);
  });

  test("is handed over for it as material, oldest first, without tools", async () => {
    await using room = await openModelRoom([say("S"), say("ok")]);
    await room.engine.answer(room.job({ summary: "Long ago.", history }));
    const [request] = room.server.requests;
    expect(request?.body.tools ?? []).toEqual([]);
    const [asked = "", ...others] = contentsOf(request?.body.messages ?? []);
    expect(others).toEqual([]);
    const places = ["<conversation>", "Long ago.", "user: older", "user: newest", "</conversation>"].map((part) =>
      String(asked).indexOf(part),
    );
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
  });

  test("costs what the summary and the answer cost together", async () => {
    const script = [
      { ...say("S"), usage: [1000, 50] },
      { ...say("ok"), usage: [20, 3] },
    ] as const;
    await using room = await openModelRoom([...script]);
    const job = room.job({ history });
    await room.engine.answer(job);
    expect(job.usage).toEqual({ inputTokens: 1020, outputTokens: 53 });
  });

  test("shows nobody the words of the summary as if they were the answer", async () => {
    await using room = await openModelRoom([say("secret summary"), say("ok")]);
    const job = room.job({ history });
    await room.engine.answer(job);
    expect(job.shown("text")).toBe("ok");
  });

  test("is not summarised before that", async () => {
    await using room = await openModelRoom([say("ok")]);
    const job = room.job({ history: [exchange("newest", 0.5), exchange("older", 0.35)] });
    await room.engine.answer(job);
    expect(job.summaries).toEqual([]);
    expect(room.server.requests).toHaveLength(1);
  });

  test("is summarised with the beginning of an exchange that alone is too long", async () => {
    await using room = await openModelRoom([say("S"), say("ok")]);
    const job = room.job({ history: [exchange("enormous", 3)] });
    await room.engine.answer(job);
    expect(job.summaries).toEqual(["S"]);
    const [asked = ""] = contentsOf(messagesOf(room, 0)).map(String);
    expect(asked).toContain("user: enormous");
    expect(asked).toContain("characters left out");
    expect(asked.length).toBeLessThan(CONTEXT_TOKENS * 4);
  });

  test("has a summary that leaves room for what comes, however much the model writes", async () => {
    await using room = await openModelRoom([say("z".repeat(500_000)), say("ok")]);
    const job = room.job({ history });
    await room.engine.answer(job);
    expect(job.summaries[0]?.length).toBeLessThan(17_000);
  });
});

describe("a summary that cannot be had", () => {
  const history = [exchange("newest", 0.5), exchange("older", 0.45), exchange("oldest", 0.45)];

  test.each([
    ["a refusal", [{ status: 400 }]],
    ["silence", [say(" "), say("")]],
    ["a broken connection, twice", [{ acts: [{ kind: "breakOff" }] }, { acts: [{ kind: "breakOff" }] }]],
  ] as const)("because of %s does not fail the response: what fits is told", async (_what, replies) => {
    await using room = await openModelRoom([...replies, say("ok")]);
    const job = room.job({ text: "now", history });
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "ok" });
    expect(job.summaries).toEqual([]);
    expect(job.items.filter(({ type }) => type === "commentary")).toEqual([]);
    const inputs = messagesOf(room, replies.length).filter(({ role }) => role === "user");
    expect(inputs.map(({ content }) => content)).toEqual(["older", "newest", "now"]);
    expect(JSON.stringify(room.logged)).not.toContain(GATEWAY_KEY);
  });

  test("because the model keeps silent does not hold the response up for ever", async () => {
    const silent: Reply = { acts: [{ kind: "text", text: "Once" }, { kind: "hang" }] };
    const patience = { firstChunkMs: 5000, chunkMs: 20 };
    await using room = await openModelRoom([silent, silent, say("ok")], { patience });
    const job = room.job({ history });
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "ok" });
    expect(job.summaries).toEqual([]);
  });

  test("because the response was cancelled ends it", async () => {
    await using room = await openModelRoom([{ acts: [{ kind: "hang" }] }]);
    const job = room.job({ history });
    const answered = room.engine.answer(job);
    await expect.poll(() => room.server.requests.length).toBe(1);
    job.abort(new Error("cancelled"));
    await expect(answered).rejects.toThrow("cancelled");
    await room.server.clientGone;
  });
});

describe("a response that is taken up again after its summary was made", () => {
  test("goes on from the summary and from what it recorded", async () => {
    await using room = await openModelRoom([say("done")]);
    const recorded = [
      { type: "commentary", channel: "analysis", text: "The conversation has grown long: it was summarised." },
      { type: "tool_call", tool: "bash", args: { command: "ls" } },
      { type: "tool_result", tool: "bash", output: "[exit_code:0]\n" },
    ];
    await room.engine.answer(room.job({ text: "now", summary: "S", recorded }));
    const roles = messagesOf(room, 0).map(({ role }) => role);
    expect(roles).toEqual(["system", "user", "assistant", "user", "assistant", "tool"]);
    expect(room.server.requests).toHaveLength(1);
  });
});

test("a model that works with tools has its summary made once", async () => {
  await using room = await openModelRoom([say("S"), use("bash", { command: "true" }), say("ok")]);
  const job = room.job({ history: [exchange("newest", 0.95)] });
  expect(await room.engine.answer(job)).toMatchObject({ status: "completed" });
  expect(job.summaries).toEqual(["S"]);
  expect(room.server.requests).toHaveLength(3);
});
