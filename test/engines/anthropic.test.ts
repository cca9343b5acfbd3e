import { expect, test } from "vitest";
import type { ModelChoice } from "../../src/engines/model/choice.ts";
import { toolMessage } from "../../src/engines/model/conversation.ts";
import { openModel } from "../../src/engines/model/provider.ts";
import { askModel } from "../../src/engines/model/step.ts";
import { troubleOf } from "../../src/engines/model/trouble.ts";
import { say, startModelServer, use } from "../support/model-server.ts";
import { createTestWorkspace } from "../support/workspace.ts";
import { createTestJob } from "./job.ts";

const patience = { firstChunkMs: 5000, chunkMs: 5000 };
const choice = (baseUrl: string): ModelChoice => ({
  provider: "anthropic",
  model: "claude-sonnet-5-5",
  apiKey: "sk-ant",
  baseUrl,
  keyName: "ANTHROPIC_API_KEY",
  keyFrom: "gateway",
  besidesPublic: null,
});

test("Anthropic's models are asked by their own protocol, tools and all", async () => {
  await using server = await startModelServer(
    use("bash", { command: "ls" }, { kind: "text", text: "Looking" }),
    say("Done"),
  );
  await using computer = await createTestWorkspace();
  const job = createTestJob({ computer });
  const asked = { model: openModel(choice(server.baseUrl)), instructions: "Be brief.", patience };
  const question = { role: "user" as const, content: "go" };

  const first = await askModel(job, { ...asked, messages: [question] });
  expect(first.parts).toEqual([{ kind: "said", text: "Looking" }]);
  expect(first.calls).toEqual([{ id: "toolu_1_1", tool: "bash", args: { command: "ls" } }]);
  expect(first.usage).toEqual({ inputTokens: 10, outputTokens: 5 });

  const messages = [
    question,
    { role: "assistant" as const, content: first.content },
    toolMessage("toolu_1_1", "bash", "a"),
  ];
  const second = await askModel(job, { ...asked, messages });
  expect(second.parts).toEqual([{ kind: "said", text: "Done" }]);
  expect(job.shown("text")).toBe("LookingDone");

  const request = server.requests[1];
  expect(request?.path).toBe("/v1/messages");
  expect(request?.headers["x-api-key"]).toBe("sk-ant");
  expect(request?.body).toMatchObject({ model: "claude-sonnet-5-5", cache_control: { type: "ephemeral" } });
  expect(request?.body.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
});

test("Anthropic's refusals are told apart", async () => {
  await using server = await startModelServer({ status: 401 }, { status: 529, headers: { "retry-after": "2" } });
  await using computer = await createTestWorkspace();
  const job = createTestJob({ computer });
  const request = {
    model: openModel(choice(server.baseUrl)),
    instructions: "",
    patience,
    messages: [{ role: "user" as const, content: "go" }],
  };
  const troubles = [];
  for (const _ of [401, 529]) {
    troubles.push(await askModel(job, request).then(null, (error) => troubleOf(error, new Date(0))));
  }
  expect(troubles).toMatchObject([
    { kind: "key", status: 401 },
    { kind: "passing", status: 529, retryAfterMs: 2000 },
  ]);
});
