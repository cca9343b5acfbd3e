import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { say, use } from "../support/model-server.ts";
import { itemFaults } from "./job.ts";
import { GATEWAY_KEY, messagesOf, openModelRoom } from "./model-room.ts";

const types = (items: readonly { type: string }[]) => items.map(({ type }) => type);

describe("a response of the model engine", () => {
  test("is the model's text, shown while it streams, with the tokens it took", async () => {
    await using room = await openModelRoom([say("Hello there")]);
    const job = room.job({ text: "hi", instructions: "Be brief." });
    expect(await room.engine.answer(job)).toEqual({ status: "completed", text: "Hello there" });
    expect(job.usage).toEqual({ inputTokens: 10, outputTokens: 5 });
    expect(job.items).toEqual([{ type: "final", channel: "final", text: "Hello there" }]);
    expect(job.shown("text")).toBe("Hello there");
    expect(job.deltas.length).toBeGreaterThan(1);
    const [system, user] = messagesOf(room, 0);
    expect(system?.role).toBe("system");
    expect(system?.content).toContain("Be brief.");
    expect(user).toEqual({ role: "user", content: "hi" });
    expect(room.server.requests[0]?.headers.authorization).toBe(`Bearer ${GATEWAY_KEY}`);
  });

  test("uses tools in the computer, recording each call before and each result after it", async () => {
    await using room = await openModelRoom([
      use("bash", { command: "echo hi | tee note; exit 3" }, { kind: "text", text: "Let me see." }),
      say("Done"),
    ]);
    const job = room.job();
    expect(await room.engine.answer(job)).toEqual({ status: "completed", text: "Done" });
    expect(job.usage).toEqual({ inputTokens: 20, outputTokens: 10 });
    expect(job.items).toEqual([
      { type: "commentary", channel: "analysis", text: "Let me see." },
      { type: "tool_call", tool: "bash", args: { command: "echo hi | tee note; exit 3" } },
      { type: "tool_result", tool: "bash", output: "[exit_code:3]\nhi\n" },
      { type: "final", channel: "final", text: "Done" },
    ]);
    expect(job.shown("stdout")).toBe("hi\n");
    expect(await readFile(join(room.computer.folder, "note"), "utf8")).toBe("hi\n");
    const [assistant, tool] = messagesOf(room, 1).slice(2);
    expect(assistant?.tool_calls?.[0]).toMatchObject({ id: "call-1-0", function: { name: "bash" } });
    expect(tool).toMatchObject({ role: "tool", tool_call_id: "call-1-0", content: "[exit_code:3]\nhi\n" });
  });

  test("keeps the gateway's key out of the computer and gives commands the agent's own secrets", async () => {
    await using room = await openModelRoom([use("bash", { command: "env" }), say("ok")]);
    const job = room.job({ environment: { DEPLOY_TOKEN: "own" } });
    await room.engine.answer(job);
    const output = job.items.find(({ type }) => type === "tool_result")?.["output"];
    expect(output).toContain("DEPLOY_TOKEN=own");
    expect(output).not.toContain(GATEWAY_KEY);
  });

  test("runs several calls of one step one after another, each followed by its own result", async () => {
    const calls = ["first", "second", "third"].map((word) => ({
      kind: "toolCall" as const,
      tool: "bash",
      args: { command: `echo ${word} >> order; cat order` },
    }));
    await using room = await openModelRoom([{ acts: calls }, say("ok")]);
    const job = room.job();
    await room.engine.answer(job);
    expect(itemFaults(job.items)).toEqual([]);
    expect(job.items.filter(({ type }) => type === "tool_result").map((item) => item["output"])).toEqual([
      "[exit_code:0]\nfirst\n",
      "[exit_code:0]\nfirst\nsecond\n",
      "[exit_code:0]\nfirst\nsecond\nthird\n",
    ]);
    expect(messagesOf(room, 1).filter(({ role }) => role === "tool")).toHaveLength(3);
  });

  test("shows reasoning on its own channel and records it as commentary", async () => {
    await using room = await openModelRoom([
      {
        acts: [
          { kind: "reasoning", text: "Two and two…" },
          { kind: "text", text: "Four" },
        ],
      },
    ]);
    const job = room.job();
    expect(await room.engine.answer(job)).toMatchObject({ text: "Four" });
    expect(job.shown("analysis")).toBe("Two and two…");
    expect(job.items).toEqual([
      { type: "commentary", channel: "analysis", text: "Two and two…", reasoning: true },
      { type: "final", channel: "final", text: "Four" },
    ]);
  });

  test("ends as STEP_LIMIT when the model goes on and on", async () => {
    const replies = Array.from({ length: 4 }, () => use("bash", { command: "true" }));
    await using room = await openModelRoom(replies, { mostSteps: 3 });
    const job = room.job();
    expect(await room.engine.answer(job)).toMatchObject({
      status: "failed",
      failure: { reason: "STEP_LIMIT", evidence: { steps: 3 } },
    });
    expect(job.usage).toEqual({ inputTokens: 30, outputTokens: 15 });
    expect(room.server.requests).toHaveLength(3);
    expect(itemFaults(job.items)).toEqual([]);
  });

  test("fails with the text so far when the model's answer was cut off", async () => {
    await using room = await openModelRoom([{ acts: [{ kind: "text", text: "Half an" }], finish: "length" }]);
    expect(await room.engine.answer(room.job())).toMatchObject({
      status: "failed",
      text: "Half an",
      failure: { reason: "MODEL_ERROR", evidence: { finishReason: "length" } },
    });
  });
});

describe("what a model does wrong", () => {
  const wrong = [
    {
      name: "an unknown tool",
      reply: use("fly to/moon", {}),
      told: /there is no tool "fly_to_moon"; the tools are bash/,
    },
    { name: "arguments that are no JSON", reply: use("bash", '{"command": "ec'), told: /bad arguments/ },
    { name: "a missing argument", reply: use("bash", { cmd: "ls" }), told: /bad arguments[^]*command/ },
    { name: "a file that is not there", reply: use("read_file", { path: "nope" }), told: /"nope" was not found/ },
    { name: "a path outside /agent", reply: use("read_file", { path: "../etc/passwd" }), told: /outside \/agent/ },
    { name: "a NUL in a command", reply: use("bash", { command: "a\0b" }), told: /NUL/ },
  ];
  test.each(wrong)("is told to it and does not end the response: $name", async ({ reply, told }) => {
    await using room = await openModelRoom([reply, say("I see")]);
    const job = room.job();
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "I see" });
    expect(job.items.find(({ type }) => type === "tool_result")?.["output"]).toMatch(told);
    expect(itemFaults(job.items)).toEqual([]);
    expect(JSON.stringify(job.items)).not.toContain("\\u0000");
    expect(messagesOf(room, 1).at(-1)?.role).toBe("tool");
    expect(messagesOf(room, 1).at(-1)?.content).toMatch(told);
  });

  test("a dead computer is told to the model, which may go on", async () => {
    await using room = await openModelRoom([use("bash", { command: "echo started; sleep 100" }), say("It died")]);
    const job = room.job({ onDelta: () => room.computer.lose({ outOfMemory: true }) });
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "It died" });
    expect(job.items.find(({ type }) => type === "tool_result")?.["output"]).toContain("ran out of memory");
  });
});

describe("the file tools", () => {
  test("write, list, read and edit files below /agent", async () => {
    await using room = await openModelRoom([
      use("write_file", { path: "/agent/code/a.txt", content: "one\ntwo\nthree\n" }),
      use("list_files", { path: "code" }),
      use("edit_file", { path: "code/a.txt", old_text: "two", new_text: "$& 2" }),
      use("read_file", { path: "code/a.txt", start_line: 2, line_count: 2 }),
      use("list_files", {}),
      say("ok"),
    ]);
    const job = room.job();
    await room.engine.answer(job);
    expect(job.items.filter(({ type }) => type === "tool_result").map((item) => item["output"])).toEqual([
      "Wrote 14 bytes to /agent/code/a.txt",
      "file 14 a.txt",
      "Edited code/a.txt",
      "$& 2\nthree",
      expect.stringMatching(/^directory \d+ code$/),
    ]);
  });

  test("edit only text that occurs exactly once, and leave the file alone otherwise", async () => {
    await using room = await openModelRoom([
      use("edit_file", { path: "a", old_text: "aa", new_text: "b" }),
      use("edit_file", { path: "a", old_text: "c", new_text: "b" }),
      use("edit_file", { path: "binary", old_text: "x", new_text: "y" }),
      say("ok"),
    ]);
    await writeFile(join(room.computer.folder, "a"), "aaa");
    await writeFile(join(room.computer.folder, "binary"), Buffer.from([0x78, 0xff]));
    const job = room.job();
    await room.engine.answer(job);
    expect(job.items.filter(({ type }) => type === "tool_result").map((item) => item["output"])).toEqual([
      expect.stringContaining("more than once"),
      expect.stringContaining("was not found"),
      expect.stringContaining("not UTF-8"),
    ]);
    expect(await readFile(join(room.computer.folder, "a"), "utf8")).toBe("aaa");
  });
});

test("the types of recorded items are those of document C", async () => {
  await using room = await openModelRoom([use("bash", { command: "true" }, { kind: "text", text: "So" }), say("ok")]);
  const job = room.job();
  await room.engine.answer(job);
  expect(types(job.items)).toEqual(["commentary", "tool_call", "tool_result", "final"]);
});
