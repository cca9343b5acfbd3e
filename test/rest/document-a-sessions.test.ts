import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSpace } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { conversationOf, send as say, untilSession } from "../support/sessions.ts";
import { differences, type Example, readExamples, sendExample } from "./documented.ts";
import { send } from "./rest.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());
beforeAll(async () => {
  for (const space of ["production", "development"]) await createSpace(gateway, space);
});

const examples = readExamples("document-a-sessions.txt");
const messages = examples.filter(({ heading }) => heading.includes("/messages"));
const sessions = examples.filter(({ heading }) => !heading.includes("/messages"));
const named = (list: readonly Example[]) => list.map((example) => [example.heading, example] as const);

let id = "";
const fill = (text: string) =>
  text.replace("https://localhost:9000", gateway.url).replace("<id>", id).replace("<token>", gateway.adminToken);

const answering = (list: readonly Example[]) => list.filter(({ method }) => method !== "DELETE");
function exampleOf(heading: string): Example {
  const found = examples.find((example) => example.heading === heading);
  if (!found) throw new Error(`no example of ${heading}`);
  return found;
}

/** A documented answer with its ids, which are made up, and its count as those that depend on chance. */
const withChance = (text: string) =>
  text
    .replaceAll(/"(61549530-[0-9a-f-]+|msg-uuid(-2)?)"/g, '"uuid"')
    .replaceAll('"session-uuid"', `"${id}"`)
    .replace(/(?<="count": )25/, "123");

/** What the examples suppose: one session, as the example of POST makes it, that nobody answers for. */
beforeEach(async () => {
  const { json } = await send(gateway, "GET", "/sessions");
  for (const session of json) await send(gateway, "DELETE", `/sessions/${session.id}`);
  const body = { space: "default", metadata: { engine: "external" } };
  ({ id } = (await send(gateway, "POST", "/sessions", { body })).json);
  await untilSession(gateway, id, "IDLE");
});

/** The keys of a documented answer, of its first thing where it is a list. */
const documentedKeys = ({ answers }: Example): string[] => {
  const text = answers[0]?.text ?? "";
  return text === "" ? [] : Object.keys([JSON.parse(text)].flat()[0] as object);
};

const all = [
  "id",
  "space",
  "created_by",
  "state",
  "container_id",
  "persistent_volume_id",
  "parent_session_id",
  "created_at",
  "started_at",
  "last_activity_at",
  "terminated_at",
  "termination_reason",
  "metadata",
];

describe("an example of document A about sessions, sent as it stands", () => {
  test("is there for each of the 10 routes of sessions and the 4 of messages", () => {
    expect([sessions.length, messages.length]).toEqual([10, 4]);
  });

  test("POST /sessions answers exactly the documented fields, with the documented values", async () => {
    const post = exampleOf("POST /api/v0/sessions");
    const release = gateway.runtime.hold("ensureVolume"); // the documented answer has no volume yet
    const { status, text } = await sendExample(post, fill);
    release();
    expect([status, differences(withChance(post.answers[0]?.text ?? ""), text)]).toEqual([200, []]);
  });

  test.each(named(answering(sessions)))("%s answers 200, with every documented field", async (heading, example) => {
    const { status, text } = await sendExample(example, fill);
    const answered = [JSON.parse(text)].flat()[0] as Record<string, unknown>;
    const additions = /\/(state|pause|suspend|resume)$/.test(heading) ? ["success"] : [];
    const remixed = heading.endsWith("/remix") ? ["parent_session"] : [];
    expect([status, Object.keys(answered)]).toEqual([200, [...all, ...remixed, ...additions]]);
    expect(all.concat("parent_session")).toEqual(expect.arrayContaining(documentedKeys(example)));
  });

  test("DELETE /sessions/{id} answers 200 without a body", async () => {
    expect(await sendExample(exampleOf("DELETE /api/v0/sessions/{id}"), fill)).toEqual({ status: 200, text: "" });
    expect((await send(gateway, "GET", `/sessions/${id}`)).status).toBe(404);
  });

  test("of a move, a state, the lifecycle and a remix does what it says", async () => {
    const by = async (path: string, method = "POST") =>
      JSON.parse((await sendExample(exampleOf(`${method} /api/v0/sessions/{id}${path}`), fill)).text);
    expect(await by("", "PUT")).toMatchObject({ id, space: "production", state: "IDLE" });
    expect(await by("/state", "PUT")).toMatchObject({ id, state: "PAUSED", success: true });
    expect(await by("/resume")).toMatchObject({ state: "INIT", success: true });
    expect(await by("/pause")).toMatchObject({ state: "PAUSED", success: true });
    expect(await by("/suspend")).toMatchObject({ state: "SUSPENDED", success: true });
    const child = await by("/remix");
    expect(child).toMatchObject({ space: "development", state: "INIT", parent_session: id, parent_session_id: id });
    expect(child.id).not.toBe(id);
  });
});

describe("an example of document A about messages, sent as it stands", () => {
  const content = "Generate a Python script to calculate fibonacci numbers";
  const answer = "I'll create a Python script for calculating fibonacci numbers...";
  beforeEach(async () => {
    await say(gateway, id, content);
    await say(gateway, id, answer, { role: "ASSISTANT" });
  });

  test.each(named(answering(messages)))(
    "%s answers exactly the documented fields, with the documented values",
    async (_heading, example) => {
      const { status, text } = await sendExample(example, fill);
      const documented = withChance(example.answers[0]?.text ?? "");
      const additions = example.heading.endsWith("/count") ? ["session_id"] : [];
      expect([status, differences(documented, text, additions)]).toEqual([200, []]);
    },
  );

  test("DELETE of all answers 200 without a body, and there are none", async () => {
    const deletion = exampleOf("DELETE /api/v0/sessions/{id}/messages");
    expect(await sendExample(deletion, fill)).toEqual({ status: 200, text: "" });
    expect(await conversationOf(gateway, id)).toEqual([]);
  });
});

describe("the routes of document B", () => {
  test("close and restore a session, which answers with what it now is", async () => {
    const { json: closed } = await send(gateway, "POST", `/sessions/${id}/close`);
    expect(closed).toMatchObject({
      id,
      success: true,
      state: "CLOSED",
      terminated_at: expect.any(String),
      termination_reason: "closed",
    });
    const refused = await send(gateway, "POST", `/sessions/${id}/resume`);
    expect([refused.status, refused.json.error.code]).toEqual([409, "CONFLICT"]);
    expect(refused.json.message).toContain("CLOSED");
    const { json: restored } = await send(gateway, "POST", `/sessions/${id}/restore`);
    expect(restored).toMatchObject({ success: true, state: "INIT", terminated_at: null, termination_reason: null });
    await untilSession(gateway, id, "IDLE");
    const { json: again } = await send(gateway, "POST", `/sessions/${id}/restore`);
    expect(again).toMatchObject({ success: true, state: "IDLE", container_id: expect.stringMatching(/-g2$/) });
  });

  test("filter sessions by state in any case, by space and by its older name, and count them", async () => {
    const other = (await send(gateway, "POST", "/sessions", { body: { space: "production" } })).json.id;
    await gateway.settle();
    const ids = async (query: string) => {
      const { json, headers } = await send(gateway, "GET", `/sessions?${query}`);
      expect(headers.get("x-total-count")).toBe(String(json.length));
      return json.map((session: { id: string }) => session.id);
    };
    expect(await ids("workspace_name=production")).toEqual([other]);
    expect(await ids("space=default&state=idle")).toEqual([id]);
    expect(await ids("state=IDLE&space=production&workspace_name=default")).toEqual(
      await ids("state=idle&space=production"),
    );
    expect(await ids("state=closed")).toEqual([]);
    expect((await send(gateway, "GET", "/sessions?state=asleep")).status).toBe(400);
  });
});

describe("messages over REST", () => {
  test.each([
    ["User", "user"],
    ["agent", "assistant"],
    ["HOST", "assistant"],
    ["system", "system"],
  ])("of role %s are shown as %s", async (role, shown) => {
    const { json } = await send(gateway, "POST", `/sessions/${id}/messages`, { body: { content: "x", role } });
    expect(json).toMatchObject({ role: shown, session_id: id });
  });

  test.each([{}, { content: "" }, { content: 7 }, { content: "x", role: "judge" }])("%j answers 400", async (body) => {
    const { status, json } = await send(gateway, "POST", `/sessions/${id}/messages`, { body });
    expect([status, json.error.code]).toEqual([400, "BAD_USER_INPUT"]);
  });

  test("are listed by limit and offset", async () => {
    for (const content of ["1", "2", "3"]) {
      await send(gateway, "POST", `/sessions/${id}/messages`, { body: { content, role: "assistant" } });
    }
    const { json, headers } = await send(gateway, "GET", `/sessions/${id}/messages?limit=1&offset=1`);
    expect([json.map((message: { content: string }) => message.content), headers.get("x-total-count")]).toEqual([
      ["2"],
      "3",
    ]);
  });
});
