import { afterAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { type Reply, say, startModelServer } from "../support/model-server.ts";
import { createSession, talk } from "../support/sessions.ts";

const server = await startModelServer();
const gateway = await startTestGateway({
  env: {
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: server.baseUrl,
    RAWORC_MODEL: "m",
    RAWORC_CONTEXT_TOKENS: "1000",
  },
});
afterAll(async () => {
  await gateway.stop();
  await server[Symbol.asyncDispose]();
});

/** Says something, has the model do as told, and lets a second pass. */
async function tell(session: string, text: string, ...replies: Reply[]): Promise<string> {
  server.script(...replies);
  const answer = await talk(gateway, session, text);
  await gateway.clock.advance(1);
  return answer;
}
/** What the model was told last, without its instructions. */
const toldLast = () =>
  server.requests
    .at(-1)
    ?.body.messages.filter(({ role }) => role !== "system")
    .map(({ content }) => content);
const summary = ["Summary of our conversation so far:\n\nThe user is Ada.", "I will go on from there."];

/** A session whose conversation was summarised before the answer "Ada". */
async function grown(): Promise<string> {
  const { id } = await createSession(gateway, { engine: "MODEL" });
  await tell(id, "my name is Ada", say("x".repeat(3700)));
  expect(await tell(id, "who am I?", say("The user is Ada."), say("Ada"))).toBe("Ada");
  return id;
}

describe("a session's conversation that grows long", () => {
  test("is summarised before the next answer, and told from there on", async () => {
    const id = await grown();
    expect(toldLast()).toEqual([...summary, "who am I?"]);
    await tell(id, "sure?", say("yes"));
    expect(toldLast()).toEqual([...summary, "who am I?", "Ada", "sure?"]);
    await tell(id, "really?", say("yes!"));
    expect(toldLast()).toEqual([...summary, "who am I?", "Ada", "sure?", "yes", "really?"]);
  });

  test("is forgotten with its summary when its messages are deleted", async () => {
    const id = await grown();
    await gateway.data(`mutation { clearMessages(session: "${id}") { cleared } }`);
    await tell(id, "hello", say("hi"));
    await tell(id, "again", say("hi again"));
    expect(toldLast()).toEqual(["hello", "hi", "again"]);
  });

  test("is told alike in a copy of the session", async () => {
    const id = await grown();
    const remix = `mutation ($id: ID!) { remixSession(id: $id) { id } }`;
    const copy = (await gateway.data(remix, { id })).remixSession.id;
    await gateway.settle();
    await tell(copy, "and now?", say("Ada still"));
    expect(toldLast()).toEqual([...summary, "who am I?", "Ada", "and now?"]);
  });
});
