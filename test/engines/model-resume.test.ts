import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { wait } from "../../src/engines/model/retry.ts";
import { type Act, type Reply, say, use } from "../support/model-server.ts";
import { itemFaults } from "./job.ts";
import { messagesOf, openModelRoom } from "./model-room.ts";

const call = { type: "tool_call", tool: "bash", args: { command: "echo one" } };
const result = { type: "tool_result", tool: "bash", output: "[exit_code:0]\none\n" };

describe("a response of the model engine after a restart of the gateway", () => {
  test("goes on from the recorded items and runs nothing again", async () => {
    await using room = await openModelRoom([say("Done")]);
    const said = { type: "commentary", channel: "analysis", text: "First this." };
    const job = room.job({ text: "go", recorded: [said, call, result] });
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "Done" });
    expect(room.computer.commands).toEqual([]);
    const messages = messagesOf(room, 0).slice(1);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
    expect(messages[1]).toMatchObject({ content: "First this.", tool_calls: [{ function: { name: "bash" } }] });
    expect(messages[2]?.tool_call_id).toBe(messages[1]?.tool_calls?.[0]?.id);
    expect(messages[2]?.content).toBe(result.output);
  });

  test("tells the model that nobody saw the end of the command that was running", async () => {
    await using room = await openModelRoom([say("I will look")]);
    const job = room.job({ recorded: [call] });
    await room.engine.answer(job);
    expect(job.items[1]?.["output"]).toMatch(/interrupted: the gateway restarted; what it did is not known/);
    expect(messagesOf(room, 0).at(-1)).toMatchObject({ role: "tool", content: job.items[1]?.["output"] });
    expect(itemFaults(job.items)).toEqual([]);
  });

  test("is complete without asking again when its answer was recorded", async () => {
    await using room = await openModelRoom([]);
    const recorded = [call, result, { type: "final", channel: "final", text: "Done" }];
    const job = room.job({ recorded });
    expect(await room.engine.answer(job)).toEqual({ status: "completed", text: "Done" });
    expect(room.server.requests).toEqual([]);
    expect(job.items).toEqual(recorded);
  });
});

test.each([
  [say("Whole"), "completed"],
  [{ ...say("Half an"), finish: "length" }, "failed"],
] as const)("a response ends as it would have when the gateway died after recording %j", async (reply, status) => {
  await using room = await openModelRoom([reply]);
  const job = room.job();
  const outcome = await room.engine.answer(job);
  expect(outcome.status).toBe(status);
  expect(await room.engine.answer(room.job({ recorded: job.items }))).toEqual(outcome);
  expect(room.server.requests).toHaveLength(1);
});

test("what a step cost is counted with its first item, so it is not lost when the gateway dies", async () => {
  await using room = await openModelRoom([use("bash", { command: "echo one" }), say("Done")]);
  const dying = room.job({
    beforeAppend: ({ type }, _count, job) => {
      if (type !== "tool_result") return;
      job.abort();
      throw new Error("not the owner any more");
    },
  });
  await expect(room.engine.answer(dying)).rejects.toThrow("not the owner");
  expect(dying.usage).toEqual({ inputTokens: 10, outputTokens: 5 });
  const next = room.job({ recorded: dying.items });
  await room.engine.answer(next);
  expect(next.usage).toEqual({ inputTokens: 10, outputTokens: 5 });
});

describe("an aborted response of the model engine", () => {
  test("leaves a request that hangs at once", async () => {
    await using room = await openModelRoom([{ acts: [{ kind: "text", text: "Hm" }, { kind: "hang" }] }]);
    const reason = new Error("cancelled");
    const job = room.job({ onDelta: (running) => running.abort(reason) });
    await expect(room.engine.answer(job)).rejects.toBe(reason);
    await room.server.clientGone;
    expect(job.items).toEqual([]);
  });

  test("stops the command that runs", async () => {
    await using room = await openModelRoom([use("bash", { command: "echo started; sleep 100" })]);
    const reason = new Error("cancelled");
    const job = room.job({ onDelta: (running) => running.abort(reason) });
    await expect(room.engine.answer(job)).rejects.toBe(reason);
    expect(job.items.map(({ type }) => type)).toEqual(["tool_call"]);
  });

  test("does not wait any longer before it asks again", async () => {
    const reason = new Error("cancelled");
    const abortSoon = () => {
      setImmediate(() => job.abort(reason));
      return 1;
    };
    const retrying = { firstDelayMs: 30_000, delay: wait, random: abortSoon };
    await using room = await openModelRoom([{ status: 500 }], { retrying });
    const job = room.job();
    await expect(room.engine.answer(job)).rejects.toBe(reason);
    expect(room.server.requests).toHaveLength(1);
  });

  test("does nothing at all when it was aborted before", async () => {
    await using room = await openModelRoom([say("no")]);
    const job = room.job();
    job.abort();
    await expect(room.engine.answer(job)).rejects.toThrow("cancelled");
    expect(room.server.requests).toEqual([]);
  });
});

describe("whatever a model does and wherever it is broken off", () => {
  const act: fc.Arbitrary<Act> = fc.oneof(
    fc.constantFrom<Act>({ kind: "text", text: "So." }, { kind: "reasoning", text: "Hm." }),
    fc.constantFrom<Act>(
      { kind: "toolCall", tool: "bash", args: { command: "echo x" } },
      { kind: "toolCall", tool: "list_files", args: {} },
      { kind: "toolCall", tool: "write_file", args: { path: "a", content: "b" } },
      { kind: "toolCall", tool: "read_file", args: '{"broken' },
      { kind: "toolCall", tool: "unheard of", args: {} },
    ),
  );
  const reply: fc.Arbitrary<Reply> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ acts: fc.array(act, { minLength: 1, maxLength: 4 }) }) },
    { weight: 1, arbitrary: fc.constantFrom<Reply>({ status: 500 }, { acts: [{ kind: "breakOff" }] }) },
  );
  const script = fc.array(reply, { maxLength: 5 });
  const enough: readonly Reply[] = Array.from({ length: 8 }, () => say("The end"));

  test("calls and results alternate, and the second run ends with valid pairs", async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.nat({ max: 14 }), fc.boolean(), async (replies, breakAt, afterWriting) => {
        await using room = await openModelRoom([...replies, ...enough]);
        const dying = room.job({
          beforeAppend: (_item, count, job) => {
            if (count < breakAt) return;
            job.abort();
            // Either the write was refused, or it went through and the abort came right after.
            if (!afterWriting) throw new Error("not the owner any more");
          },
        });
        const first = await room.engine.answer(dying).catch(() => null);
        expect(itemFaults(dying.items, { open: first === null })).toEqual([]);
        const next = room.job({ recorded: dying.items });
        expect(await room.engine.answer(next)).toMatchObject({ status: "completed" });
        expect(itemFaults(next.items)).toEqual([]);
        expect(next.items.at(-1)?.type).toBe("final");
        expect(next.items.slice(0, dying.items.length)).toEqual(dying.items);
        expect(room.server.requests.flatMap(({ body }) => unpaired(body.messages))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

/** Ids of tool calls in a request that are not answered by the message that follows. */
function unpaired(messages: Awaited<ReturnType<typeof messagesOf>>): string[] {
  return messages.flatMap(({ tool_calls: calls = [] }, place) => {
    const following = messages.slice(place + 1, place + 1 + calls.length);
    const answers = new Set(following.map(({ tool_call_id: id }) => id));
    return calls.map(({ id }) => id).filter((id) => !answers.has(id));
  });
}
