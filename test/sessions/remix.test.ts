import { afterAll, describe, expect, test } from "vitest";
import { accountToken, createSpace, refusalOf, untilItem } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { say, startModelServer } from "../support/model-server.ts";
import { conversationOf, createSession, orderSession, send, sessionNow, talk } from "../support/sessions.ts";

const model = await startModelServer();
const gateway = await startTestGateway({ env: { OPENAI_BASE_URL: model.baseUrl, RAWORC_MODEL: "m" } });
afterAll(async () => {
  await gateway.stop();
  await model[Symbol.asyncDispose]();
});

const remix = async (id: string, input = "{}", token?: string) => {
  const fields = `id space state parentId parent { id } metadata secretNames`;
  const document = `mutation { remixSession(id: "${id}", input: ${input}) { ${fields} } }`;
  const { remixSession } = await gateway.data(document, {}, token);
  await gateway.settle();
  return remixSession;
};
const contents = async (id: string) => (await conversationOf(gateway, id)).map(({ content }) => content);

describe("remixing a session", () => {
  test("copies files, conversation, metadata and own secrets, and leaves the parent as it is", async () => {
    const parent = await createSession(gateway, { metadata: { a: 1 }, secrets: { TOKEN: "own" } });
    await talk(gateway, parent.id, "echo of parent > file");
    const child = await remix(parent.id);
    expect(child).toMatchObject({
      space: "default",
      parentId: parent.id,
      parent: { id: parent.id },
      metadata: { a: 1 },
      secretNames: ["TOKEN"],
    });
    expect(await contents(child.id)).toEqual(await contents(parent.id));
    expect((await conversationOf(gateway, child.id)).map(({ response }) => response)).toEqual([null, null]);
    expect(await talk(gateway, child.id, "cat file; echo $TOKEN; echo of child > file")).toBe("of parent\nown\n");
    expect(await talk(gateway, parent.id, "cat file")).toBe("of parent\n");
    expect(await contents(child.id)).toHaveLength(4);
    expect((await conversationOf(gateway, child.id)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const { session } = await gateway.data(
      `query { session(id: "${parent.id}") { remixes { totalCount nodes { id } } messages { totalCount } } }`,
    );
    expect(session).toEqual({ remixes: { totalCount: 1, nodes: [{ id: child.id }] }, messages: { totalCount: 4 } });
  });

  test("leaves out the conversation where told to", async () => {
    const { id } = await createSession(gateway);
    await talk(gateway, id, "true");
    expect(await contents((await remix(id, "{ messages: false }")).id)).toEqual([]);
  });

  test.each(["closeSession", "suspendSession", "pauseSession"])(
    "works after %s, and outlives its parent",
    async (verb) => {
      const { id } = await createSession(gateway);
      await talk(gateway, id, "echo kept > file");
      await orderSession(gateway, verb, id);
      const child = await remix(id);
      await gateway.data(`mutation { deleteSession(id: "${id}") { id } }`);
      await gateway.settle();
      expect(await talk(gateway, child.id, "cat file")).toBe("kept\n");
      const { session } = await gateway.data(`{ session(id: "${child.id}") { parentId parent { id } } }`);
      expect(session).toEqual({ parentId: id, parent: null });
    },
  );

  test("works while the parent answers, and what it answers stays its own", async () => {
    const { id } = await createSession(gateway);
    const { response } = await send(gateway, id, "sleep 100");
    await untilItem(gateway, response.id, "tool_call");
    const child = await remix(id);
    expect(await talk(gateway, child.id, "echo child")).toBe("child\n");
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "BUSY" });
    await orderSession(gateway, "closeSession", id);
  });

  test("into another space finds that space's secrets there, and needs the right to make sessions in it", async () => {
    await createSpace(gateway, "there", { WHERE: "there" });
    const { id } = await createSession(gateway);
    const child = await remix(id, `{ space: "there", metadata: { b: 2 } }`);
    expect(child).toMatchObject({ space: "there", metadata: { b: 2 } });
    expect(await talk(gateway, child.id, "echo $WHERE")).toBe("there\n");
    const local = await accountToken(gateway, "local", "operator", "default");
    const query = `mutation { remixSession(id: "${id}", input: { space: "there" }) { id } }`;
    expect(await refusalOf(gateway, query, {}, local)).toMatchObject({ code: "NOT_FOUND" });
    expect(await remix(id, "{}", local)).toMatchObject({ parentId: id });
  });

  test("needs the right to talk to it: who may only read it has no way to its files and secrets elsewhere", async () => {
    await createSpace(gateway, "mine");
    await gateway.data(`mutation { createRole(input: {
      name: "session-reader", rules: [{ resources: ["sessions"], verbs: ["get", "list"] }]
    }) { name } }`);
    const { id } = await createSession(gateway, { secrets: { TOKEN: "own" } });
    const reader = await accountToken(gateway, "reads", "session-reader", "default");
    await gateway.data(
      `mutation { createRoleBinding(input: { subject: "reads", role: "operator", space: "mine" }) { id } }`,
    );
    const query = `mutation { remixSession(id: "${id}", input: { space: "mine" }) { id } }`;
    expect(await refusalOf(gateway, query, {}, reader)).toMatchObject({ code: "FORBIDDEN" });
    expect((await gateway.data(`{ sessions(filter: { space: "mine" }) { totalCount } }`)).sessions.totalCount).toBe(0);
  });
});

describe("what a model is told", () => {
  const key = { engine: "MODEL", secrets: { OPENAI_API_KEY: "sk" }, instructions: "You are exact." };
  const heard = () => JSON.stringify(model.requests.at(-1)?.body.messages);

  test("is the conversation, with what the system said, also in a remix and after a restore", async () => {
    const { id } = await createSession(gateway, key);
    model.script(say("It is 42."));
    await talk(gateway, id, "What is the answer?");
    await send(gateway, id, "Answer in verse.", { role: "SYSTEM" });
    await send(gateway, id, "By the way.", { role: "ASSISTANT" });
    await orderSession(gateway, "closeSession", id);
    await gateway.settle();
    await orderSession(gateway, "restoreSession", id);
    for (const session of [id, (await remix(id)).id]) {
      model.script(say("Yes."));
      expect(await talk(gateway, session, "Really?")).toBe("Yes.");
      for (const words of ["You are exact.", "Answer in verse.", "What is the answer?", "It is 42.", "By the way."]) {
        expect(heard()).toContain(words);
      }
      for (const words of ["Really?", "Answer in verse."]) expect(heard().split(words)).toHaveLength(2);
    }
  });

  test("is nothing of what was cleared", async () => {
    const { id } = await createSession(gateway, key);
    model.script(say("Secret."));
    await talk(gateway, id, "Tell me.");
    await gateway.data(`mutation { clearMessages(session: "${id}") { cleared } }`);
    model.script(say("Hello."));
    await talk(gateway, id, "Again.");
    expect(heard()).not.toMatch(/Secret|Tell me/);
  });

  test("stands in its computer where it was instructed", async () => {
    const { id } = await createSession(gateway, { instructions: "Be kind." });
    expect(await talk(gateway, id, "cat code/instructions.md")).toBe("Be kind.");
  });
});
