import { afterAll, describe, expect, test } from "vitest";
import { accountToken, endOf, refusalOf, storyOf, untilItem } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { letIn, overSocket } from "../support/live.ts";
import {
  conversationOf,
  createSession,
  orderSession,
  send,
  sessionNow,
  talk,
  untilSession,
} from "../support/sessions.ts";

let gateway = await startTestGateway();
afterAll(() => gateway.stop());

const said = async (id: string) => (await conversationOf(gateway, id)).map(({ role, content }) => [role, content]);

describe("a message to a session", () => {
  test("is answered by the assistant's next message, and both know their response", async () => {
    const { id } = await createSession(gateway);
    const asked = await send(gateway, id, "echo hello");
    expect(asked).toMatchObject({ seq: 1, role: "USER", createdBy: "admin", response: { id: expect.any(String) } });
    await endOf(gateway, asked.response.id);
    const [question, answer] = await conversationOf(gateway, id);
    expect(question).toMatchObject({ content: "echo hello", response: { status: "COMPLETED" } });
    expect(answer).toMatchObject({ seq: 2, role: "ASSISTANT", content: "hello\n", createdBy: null });
    expect(answer?.response).toEqual(question?.response);
    await untilSession(gateway, id, "IDLE");
  });

  test("waits its turn: messages are answered in order, one at a time", async () => {
    const { id } = await createSession(gateway);
    for (const word of ["one", "two"]) await send(gateway, id, `echo ${word} >> log`);
    expect(await talk(gateway, id, "cat log")).toBe("one\ntwo\n");
  });

  test("that fails gets an answer that says so plainly, after what there was of one", async () => {
    const { id } = await createSession(gateway);
    const answer = await talk(gateway, id, "echo half; exit 3");
    expect(answer).toMatch(/^half\n\n\[This message could not be answered: .*3.*\(COMMAND_FAILED\)\]$/s);
  });

  test("that is cancelled gets none", async () => {
    const { id } = await createSession(gateway);
    const { response } = await send(gateway, id, "sleep 100");
    await untilItem(gateway, response.id, "tool_call");
    await gateway.data(`mutation { cancelResponse(id: "${response.id}") { status } }`);
    expect(await said(id)).toEqual([["USER", "sleep 100"]]);
    expect(await talk(gateway, id, "echo on")).toBe("on\n");
  });

  test.each(["pauseSession", "suspendSession"])("resumes it after %s", async (verb) => {
    const { id } = await createSession(gateway);
    await talk(gateway, id, "echo kept > file");
    await orderSession(gateway, verb, id);
    await gateway.settle();
    expect(await talk(gateway, id, "cat file")).toBe("kept\n");
  });

  test("that is closed is refused, whoever it is from", async () => {
    const { id } = await createSession(gateway);
    await orderSession(gateway, "closeSession", id);
    for (const role of ["USER", "ASSISTANT", "SYSTEM"]) {
      const query = `mutation { sendMessage(session: "${id}", content: "x", role: ${role}) { id } }`;
      expect(await refusalOf(gateway, query)).toMatchObject({ code: "CONFLICT", state: "CLOSED" });
    }
    expect(await said(id)).toEqual([]);
  });

  test("as assistant or system is kept and runs nothing", async () => {
    const { id } = await createSession(gateway);
    await send(gateway, id, "be brief", { role: "SYSTEM" });
    await send(gateway, id, "hello", { role: "ASSISTANT" });
    await gateway.settle();
    expect(await said(id)).toEqual([
      ["SYSTEM", "be brief"],
      ["ASSISTANT", "hello"],
    ]);
    expect(await gateway.gateway.store.response.count({ where: { sessionId: id } })).toBe(0);
  });

  test("with a key is added once, also when it is sent twice at once", async () => {
    const { id } = await createSession(gateway);
    const sent = await Promise.all([1, 2].map(() => send(gateway, id, "true", { idempotencyKey: "k" })));
    expect(sent[0].id).toBe(sent[1].id);
    expect((await send(gateway, id, "other", { idempotencyKey: "k" })).id).toBe(sent[0].id);
    await endOf(gateway, sent[0].response.id);
    expect(await conversationOf(gateway, id)).toHaveLength(2);
  });

  test.each([
    ["content", { content: "" }],
    ["content", { content: " \n" }],
    ["content", { content: "a\0" }],
    ["content", { content: "x".repeat(256 * 1024 + 1) }],
    ["idempotencyKey", { content: "x", idempotencyKey: "" }],
  ])("is refused for a bad %s and changes nothing", async (field, variables) => {
    const { id } = await createSession(gateway);
    const query = `mutation ($id: ID!, $content: String!, $idempotencyKey: String) {
      sendMessage(session: $id, content: $content, idempotencyKey: $idempotencyKey) { id }
    }`;
    expect(await refusalOf(gateway, query, { id, ...variables })).toMatchObject({ code: "BAD_USER_INPUT", field });
    expect(await said(id)).toEqual([]);
  });
});

describe("clearing a conversation", () => {
  test("deletes every message, and what is being answered is still added", async () => {
    const { id } = await createSession(gateway, { engine: "EXTERNAL" });
    await send(gateway, id, "old", { role: "ASSISTANT" });
    const { response } = await send(gateway, id, "new");
    const cleared = await gateway.data(`mutation { clearMessages(session: "${id}") { sessionId cleared } }`);
    expect(cleared.clearMessages).toEqual({ sessionId: id, cleared: 2 });
    const input = `{ status: COMPLETED, output: { text: "late" } }`;
    await gateway.data(`mutation { updateResponse(id: "${response.id}", input: ${input}) { id } }`);
    expect(await said(id)).toEqual([["ASSISTANT", "late"]]);
    expect((await conversationOf(gateway, id))[0]?.seq).toBe(3);
  });
});

describe("a session that nobody inside answers", () => {
  const statusesOf = `query ($id: ID!) { session(id: $id) { responses(status: PENDING) { nodes { id input } } } }`;
  const report = (id: string, input: string, token?: string) =>
    gateway.data(`mutation { updateResponse(id: "${id}", input: ${input}) { id } }`, {}, token);

  test("is answered by an account that may send to it: it finds what waits, takes it and ends it", async () => {
    const { id } = await createSession(gateway, { engine: "EXTERNAL" });
    const worker = await accountToken(gateway, "answers", "developer", "default");
    await send(gateway, id, "What is 6 times 7?");
    const { session } = await gateway.data(statusesOf, { id }, worker);
    const [waiting] = session.responses.nodes;
    expect(waiting.input).toEqual({ text: "What is 6 times 7?" });
    await report(waiting.id, "{ status: PROCESSING }", worker);
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "BUSY" });
    await report(waiting.id, `{ status: COMPLETED, output: { text: "42" } }`, worker);
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "IDLE" });
    expect(await said(id)).toEqual([
      ["USER", "What is 6 times 7?"],
      ["ASSISTANT", "42"],
    ]);
  });

  test("says so when that account reports a failure", async () => {
    const { id } = await createSession(gateway, { engine: "EXTERNAL" });
    const { response } = await send(gateway, id, "Can you?");
    await report(response.id, `{ status: FAILED, output: { text: "No." } }`);
    expect((await said(id)).at(-1)).toEqual([
      "ASSISTANT",
      expect.stringMatching(/^No\.\n\n\[.*\(WORKER_REPORTED\)\]$/s),
    ]);
  });

  test("is not answered by strangers, nor by an agent's worker", async () => {
    const { id } = await createSession(gateway, { engine: "EXTERNAL" });
    const { response } = await send(gateway, id, "Anybody?");
    await gateway.data(`mutation { createAgent(input: { name: "elsewhere", engine: EXTERNAL }) { name } }`);
    const { createAgentToken } = await gateway.data(`mutation { createAgentToken(name: "elsewhere") { token } }`);
    const stranger = await accountToken(gateway, "passes-by");
    const query = `mutation { updateResponse(id: "${response.id}", input: { status: COMPLETED }) { id } }`;
    for (const token of [createAgentToken.token, stranger]) {
      expect(await refusalOf(gateway, query, {}, token)).toMatchObject({ code: "NOT_FOUND" });
    }
    expect(await said(id)).toHaveLength(1);
  });
});

describe("what ends truthfully", () => {
  test.each([
    ["pauseSession", "SESSION_PAUSED"],
    ["suspendSession", "SESSION_PAUSED"],
    ["closeSession", "SESSION_PAUSED"],
  ])("%s fails what runs and what waits", async (verb, reason) => {
    const { id } = await createSession(gateway);
    const running = await send(gateway, id, "sleep 100");
    const waiting = await send(gateway, id, "echo never");
    await untilItem(gateway, running.response.id, "tool_call");
    await orderSession(gateway, verb, id);
    expect((await storyOf(gateway, running.response.id)).at(-1)).toBe(`FAILED ${reason}`);
    expect(await storyOf(gateway, waiting.response.id)).toEqual(["PENDING", `FAILED ${reason}`]);
    expect((await said(id)).map(([role]) => role)).toEqual(["USER", "USER", "ASSISTANT", "ASSISTANT"]);
    await gateway.settle();
  });

  test("a busy timeout fails what runs, ends its command, and the next one is answered", async () => {
    const { id } = await createSession(gateway, { busyTimeoutSeconds: 30 });
    const running = await send(gateway, id, "sleep 100; echo late > late");
    const waiting = await send(gateway, id, "cat late || echo none");
    await untilItem(gateway, running.response.id, "tool_call");
    await gateway.clock.advance(29);
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "BUSY" });
    await gateway.clock.advance(1);
    expect((await storyOf(gateway, running.response.id)).at(-1)).toBe("FAILED TIMEOUT");
    expect(await endOf(gateway, waiting.response.id)).toMatchObject({
      output: { text: expect.stringContaining("none") },
    });
    await untilSession(gateway, id, "IDLE");
  });

  test("a computer that dies fails what runs, and the session goes on in the next one", async () => {
    const { id } = await createSession(gateway);
    const { response } = await send(gateway, id, "sleep 100");
    await untilItem(gateway, response.id, "tool_call");
    gateway.runtime.die((await sessionNow(gateway, id)).containerId);
    expect(await endOf(gateway, response.id)).toMatchObject({ failure: { reason: "COMPUTER_LOST" } });
    await gateway.settle();
    await gateway.clock.advance(1);
    expect(await talk(gateway, id, "echo well")).toBe("well\n");
  });

  test("a computer that is given up suspends the session with the reason; resuming tries again", async () => {
    const { id } = await createSession(gateway);
    const external = await createSession(gateway, { engine: "EXTERNAL" });
    const { response } = await send(gateway, external.id, "anybody?");
    for (const one of [id, external.id]) {
      for (let death = 0; death < 5; death += 1) {
        gateway.runtime.die((await sessionNow(gateway, one)).containerId);
        await gateway.clock.advance(0);
        await gateway.clock.advance(10);
      }
      expect(await sessionNow(gateway, one)).toMatchObject({ state: "SUSPENDED", lastError: expect.any(String) });
    }
    expect(await endOf(gateway, response.id)).toMatchObject({ failure: { reason: "COMPUTER_LOST" } });
    expect(await talk(gateway, id, "echo again")).toBe("again\n");
    expect(await sessionNow(gateway, id)).toMatchObject({ lastError: null });
  });

  test("a deleted session takes its messages along, and its response is told why it ended", async () => {
    const { id } = await createSession(gateway);
    const { response } = await send(gateway, id, "sleep 100");
    await untilItem(gateway, response.id, "tool_call");
    await gateway.data(`mutation { deleteSession(id: "${id}") { id } }`);
    expect((await storyOf(gateway, response.id)).at(-1)).toBe("FAILED SESSION_DELETED");
    expect(await gateway.gateway.store.message.count({ where: { sessionId: id } })).toBe(0);
    expect(await refusalOf(gateway, `{ messages(session: "${id}") { totalCount } }`)).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("a restart in the middle of a script ends it as INTERRUPTED, and what waited is answered", async () => {
    const { id } = await createSession(gateway);
    const running = await send(gateway, id, "sleep 100");
    const waiting = await send(gateway, id, "echo next");
    await untilItem(gateway, running.response.id, "tool_call");
    gateway = await gateway.restart();
    expect(await endOf(gateway, waiting.response.id)).toMatchObject({ output: { text: "next\n" } });
    expect((await said(id)).map(([, content]) => content)).toEqual([
      "sleep 100",
      "echo next",
      expect.stringContaining("INTERRUPTED"),
      "next\n",
    ]);
  });
});

describe("watching", () => {
  const query = `subscription ($id: ID!, $after: ID) { messageAdded(session: $id, after: $after) { id content } }`;
  const watch = (id: string, after?: string) =>
    overSocket(gateway, { query, variables: { id, ...(after ? { after } : {}) } });

  test("messageAdded tells every message once and in order, also across a reconnect", async () => {
    const { id } = await createSession(gateway, { engine: "EXTERNAL" });
    const first = await send(gateway, id, "0");
    const heard: string[] = [];
    let last = first.id;
    for (let round = 0; round < 3; round += 1) {
      const watching = watch(id, last);
      const sending = Promise.all([1, 2, 3].map((one) => send(gateway, id, `${round}.${one}`)));
      for (let count = 0; count < 2; count += 1) {
        const { messageAdded } = await watching.next();
        heard.push(messageAdded.content);
        last = messageAdded.id;
      }
      watching.stop();
      await sending;
    }
    const rest = watch(id, last);
    while (heard.length < 9) heard.push((await rest.next()).messageAdded.content);
    expect(heard).toEqual((await said(id)).slice(1).map(([, content]) => content));
    await gateway.data(`mutation { deleteSession(id: "${id}") { id } }`);
    expect(await rest.rest()).toEqual([]);
  });

  test("messageAdded that begins when its session has just been deleted is at its end", async () => {
    const { id } = await createSession(gateway);
    const watching = await letIn(gateway, { query, variables: { id } });
    await gateway.data(`mutation { deleteSession(id: "${id}") { id } }`);
    expect(await watching.next()).toBeUndefined();
  });

  test("messageAdded refuses a place that is in no conversation of its own", async () => {
    const { id } = await createSession(gateway);
    const { id: other } = await createSession(gateway);
    const message = await send(gateway, other, "true");
    await expect(watch(id, message.id).next()).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("sessionChanged tells the present state and then every change, and ends with the session", async () => {
    const { id } = await createSession(gateway);
    const watching = overSocket(gateway, {
      query: `subscription { sessionChanged(id: "${id}") { state containerId } }`,
    });
    expect((await watching.next()).sessionChanged).toMatchObject({ state: "IDLE", containerId: expect.any(String) });
    await talk(gateway, id, "true");
    await orderSession(gateway, "closeSession", id);
    await gateway.data(`mutation { deleteSession(id: "${id}") { id } }`).catch(() => {});
    const states = (await watching.rest()).map(({ sessionChanged }) => sessionChanged.state);
    expect(states.slice(0, 3)).toEqual(["BUSY", "IDLE", "CLOSED"]);
  });
});
