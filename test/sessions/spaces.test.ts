import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, createSpace, endOf, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket } from "../support/live.ts";
import { createSession, orderSession, send, sessionNow, talk } from "../support/sessions.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const tokens = { stranger: "", operator: "", developer: "", reader: "" };
beforeAll(async () => {
  await createSpace(gateway, "production", { WHERE: "production" });
  await createSpace(gateway, "hall");
  tokens.stranger = await accountToken(gateway, "stranger");
  tokens.operator = await accountToken(gateway, "operator1", "operator", "hall");
  tokens.developer = await accountToken(gateway, "developer1", "developer", "hall");
  await gateway.data(`mutation { createRole(input: { name: "reader", rules: [
    { resources: ["sessions"], verbs: ["get", "list"], scope: SPACE } ] }) { name } }`);
  tokens.reader = await accountToken(gateway, "reader1", "reader", "hall");
});

const move = (id: string, space: string) =>
  `mutation { updateSession(id: "${id}", input: { space: "${space}" }) { space } }`;

describe("a session of a space", () => {
  test("keeps its network when its metadata are replaced, and its engine unless they had chosen it", async () => {
    const { id } = await createSession(gateway, { engine: null, metadata: { engine: "external", network: "none" } });
    const replace = (metadata: string) =>
      `mutation { updateSession(id: "${id}", input: { metadata: ${metadata} }) { engine network metadata } }`;
    expect(await refusalOf(gateway, replace('{ network: "egress" }'))).toMatchObject({
      code: "BAD_USER_INPUT",
      field: "metadata.network",
    });
    expect((await gateway.data(replace('{ network: "none", engine: "shell" }'))).updateSession.engine).toBe("SHELL");
    expect((await gateway.data(replace("{ a: 1 }"))).updateSession).toEqual({
      engine: null,
      network: "NONE",
      metadata: { a: 1 },
    });
  });

  test("has what the space's settings say, unless told otherwise", async () => {
    await gateway.data(`mutation { updateSpace(name: "hall", input: { settings: {
      engine: "external", image: "hall:1", busyTimeoutSeconds: 7, network: "egress" } }) { name } }`);
    expect(await createSession(gateway, { space: "hall", engine: null })).toMatchObject({
      engine: "EXTERNAL",
      image: "hall:1",
      busyTimeoutSeconds: 7,
      network: "EGRESS",
    });
    const metadata = { engine: "shell", network: "none" };
    const own = { space: "hall", engine: null, metadata, image: "own:1", busyTimeoutSeconds: 8 };
    expect(await createSession(gateway, own)).toMatchObject({
      engine: "SHELL",
      image: "own:1",
      busyTimeoutSeconds: 8,
      network: "NONE",
    });
    await gateway.data(`mutation { updateSpace(name: "hall", input: { settings: {} }) { name } }`);
  });

  test("moves to another with its files, own secrets and messages, and finds that one's secrets there", async () => {
    const { id } = await createSession(gateway, { secrets: { OWN: "own" } });
    await talk(gateway, id, "echo kept > file");
    await gateway.data(move(id, "production"));
    expect(await talk(gateway, id, "cat file; echo $OWN $WHERE")).toBe("kept\nown production\n");
    expect(await sessionNow(gateway, id)).toMatchObject({ space: "production", secretNames: ["OWN"] });
  });

  test("does not move while it answers, nor to where there is none or nothing new", async () => {
    const { id } = await createSession(gateway, { engine: "EXTERNAL" });
    await send(gateway, id, "wait");
    expect(await refusalOf(gateway, move(id, "production"))).toMatchObject({ code: "CONFLICT" });
    const { id: free } = await createSession(gateway);
    expect(await refusalOf(gateway, move(free, "nowhere"))).toMatchObject({ code: "NOT_FOUND" });
    await gateway.data(`mutation { updateSpace(name: "production", input: { active: false }) { name } }`);
    expect(await refusalOf(gateway, move(free, "production"))).toMatchObject({ code: "CONFLICT" });
    expect(await refusalOf(gateway, `mutation { createSession(input: { space: "production" }) { id } }`)).toMatchObject(
      {
        code: "CONFLICT",
      },
    );
    await gateway.data(`mutation { updateSpace(name: "production", input: { active: true }) { name } }`);
    expect(await sessionNow(gateway, free)).toMatchObject({ space: "default" });
  });

  test("goes with it: computers, volumes and messages too, and what it answered is told why", async () => {
    await createSpace(gateway, "doomed");
    const { id } = await createSession(gateway, { space: "doomed", engine: "EXTERNAL" });
    const closed = await createSession(gateway, { space: "doomed" });
    await orderSession(gateway, "closeSession", closed.id);
    const { response } = await send(gateway, id, "hello");
    await gateway.settle();
    const { volumeId } = await sessionNow(gateway, id);
    await gateway.data(`mutation { deleteSpace(name: "doomed") { name } }`);
    await gateway.settle();
    const { store, runtime } = gateway.gateway;
    const ids = [id, closed.id];
    expect(await store.session.count({ where: { id: { in: ids } } })).toBe(0);
    expect(await store.message.count({ where: { sessionId: { in: ids } } })).toBe(0);
    expect((await runtime.list()).volumes.map(({ name }) => name)).not.toContain(volumeId);
    const [last] = await store.event.findMany({
      where: { stream: `response:${response.id}` },
      orderBy: { seq: "desc" },
    });
    expect(last?.payload).toMatchObject({ status: "FAILED", reason: "SESSION_DELETED" });
  });
});

describe("a session that is hidden", () => {
  const calls = [
    `{ session(id: "ID") { id } }`,
    `{ messages(session: "ID") { totalCount } }`,
    ...["pause", "suspend", "resume", "close", "restore", "remix", "delete"].map(
      (verb) => `mutation { ${verb}Session(id: "ID") { id } }`,
    ),
    `mutation { setSessionState(id: "ID", state: "PAUSED") { id } }`,
    `mutation { updateSession(id: "ID", input: {}) { id } }`,
    `mutation { sendMessage(session: "ID", content: "x") { id } }`,
    `mutation { clearMessages(session: "ID") { cleared } }`,
  ];

  test.each(calls)("looks like one that is missing to a stranger: %s", async (call) => {
    const { id } = await createSession(gateway, { space: "hall" });
    const hidden = (await gateway.graphql(call.replace("ID", id), {}, tokens.stranger)).errors?.[0];
    const missing = (await gateway.graphql(call.replace("ID", "missing"), {}, tokens.stranger)).errors?.[0];
    expect(hidden?.extensions.code).toBe("NOT_FOUND");
    expect(hidden?.message.replace(id, "missing")).toBe(missing?.message);
  });

  test("is in nobody else's list, nor are its responses to be had", async () => {
    const { id } = await createSession(gateway, { space: "hall", engine: "EXTERNAL" });
    const { response } = await send(gateway, id, "secret");
    const listed = async (token: string) =>
      (await gateway.data(`{ sessions { nodes { id } } }`, {}, token)).sessions.nodes.map(
        (one: { id: string }) => one.id,
      );
    expect(await listed(tokens.stranger)).toEqual([]);
    expect(await listed(tokens.reader)).toContain(id);
    const query = `{ response(id: "${response.id}") { id input session { id } agent { id } agentName } }`;
    expect(await refusalOf(gateway, query, {}, tokens.stranger)).toMatchObject({ code: "NOT_FOUND" });
    expect((await gateway.data(query, {}, tokens.reader)).response).toMatchObject({
      session: { id },
      agent: null,
      agentName: null,
    });
    const cancel = `mutation { cancelResponse(id: "${response.id}") { id } }`;
    expect(await refusalOf(gateway, cancel, {}, tokens.reader)).toMatchObject({ code: "FORBIDDEN" });
  });

  test("is the owner's, who needs no role for it", async () => {
    const token = await accountToken(gateway, "owner", "developer", "hall");
    const { id } = await createSession(gateway, { space: "hall" }, token);
    await gateway.gateway.store.roleBinding.deleteMany({ where: { subject: "owner" } });
    const login = `mutation { login(user: "owner", password: "correct horse battery") { token } }`;
    const bare = (await gateway.data(login, {}, null)).login.token;
    const { response } = await send(gateway, id, "echo mine", {}, bare);
    expect(await endOf(gateway, response.id)).toMatchObject({ output: { text: "mine\n" } });
    await orderSession(gateway, "closeSession", id, "", bare);
    expect((await gateway.data(`mutation { deleteSession(id: "${id}") { id } }`, {}, bare)).deleteSession.id).toBe(id);
  });
});

describe("those who may do some of it", () => {
  test("are told what they lack", async () => {
    const { id } = await createSession(gateway, { space: "hall" });
    const refused = async (call: string, token: string) => (await refusalOf(gateway, call, {}, token))?.code;
    expect(await refused(`mutation { sendMessage(session: "${id}", content: "x") { id } }`, tokens.reader)).toBe(
      "FORBIDDEN",
    );
    expect(await refused(`mutation { pauseSession(id: "${id}") { id } }`, tokens.reader)).toBe("FORBIDDEN");
    expect(await refused(`mutation { remixSession(id: "${id}") { id } }`, tokens.reader)).toBe("FORBIDDEN");
    expect(await refused(`mutation { deleteSession(id: "${id}") { id } }`, tokens.developer)).toBe("FORBIDDEN");
    expect(await refused(`mutation { clearMessages(session: "${id}") { cleared } }`, tokens.developer)).toBe(
      "FORBIDDEN",
    );
    await send(gateway, id, "told", { role: "SYSTEM" }, tokens.developer);
    expect(await refused(move(id, "production"), tokens.operator)).toBe("NOT_FOUND");
    const egress = `mutation { createSession(input: { space: "hall", network: EGRESS }) { id } }`;
    expect(await refused(egress, tokens.operator)).toBe("FORBIDDEN");
  });

  test("see no more of it once it has moved to where they may not look", async () => {
    const { id } = await createSession(gateway, { space: "hall" });
    const query = `subscription { sessionChanged(id: "${id}") { space } }`;
    const watching = overSocket(gateway, { query, token: tokens.reader });
    expect((await watching.next()).sessionChanged).toEqual({ space: "hall" });
    await gateway.data(move(id, "production"));
    await expect(watching.next()).rejects.toMatchObject({ code: 4403 });
  });
});
