import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createAgent, order } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { countListeners, letIn, socketClient, transports, watchOn } from "../support/live.ts";
import { beginResponse, complete, createQuietAgent, step } from "../support/worker.ts";

const progress = `subscription ($id: ID!, $after: Int) {
  responseProgress(id: $id, after: $after) { seq kind status text delta item { type raw } }
}`;
const inbox = `subscription ($agent: ID!) { responseQueued(agent: $agent) { id status } }`;

/** What happened, in a word each. */
// biome-ignore lint/suspicious/noExplicitAny: an answer as it came
const told = ({ responseProgress: { kind, status, item, delta } }: any) =>
  status ?? item?.raw.text ?? item?.type ?? delta?.text ?? kind;

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let listening: () => number;
let names = 0;
const newAgent = async () => {
  const name = `watched-${++names}`;
  await createQuietAgent(gateway, name);
  return name;
};

const deleteAgent = (name: string) =>
  gateway.data(`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name });

beforeAll(async () => {
  gateway = await startTestGateway();
  listening = countListeners(gateway.gateway.tail);
});
afterAll(() => gateway.stop());
// Whoever stops to watch is forgotten at once, whatever they watched.
const nobodyListens = () => expect.poll(listening, { timeout: 2000, interval: 5 }).toBe(0);
afterEach(nobodyListens);

describe.each(Object.entries(transports))("over %s", (_name, open) => {
  test("a response is shown from its beginning, live, and ends after its one terminal event", async () => {
    const id = await beginResponse(gateway, await newAgent());
    await step(gateway, id, "before");
    const watching = open(gateway, { query: progress, variables: { id } });
    const before = [told(await watching.next())];
    while (before.at(-1) !== "before") before.push(told(await watching.next()));
    expect(before).toEqual(["PENDING", "PROCESSING", "before"]);
    await step(gateway, id, "live");
    expect(told(await watching.next())).toBe("live");
    await complete(gateway, id, "done");
    const last = await watching.next();
    expect(last.responseProgress).toMatchObject({ kind: "STATUS", status: "COMPLETED", text: "done" });
    expect(await watching.next()).toBeUndefined();
  });

  test("a reader that comes again after a break goes on where it was", async () => {
    const id = await beginResponse(gateway, await newAgent());
    for (const text of ["one", "two", "three"]) await step(gateway, id, text);
    const seen: number[] = [];
    const first = open(gateway, { query: progress, variables: { id } });
    for (let count = 0; count < 3; count++) seen.push((await first.next()).responseProgress.seq);
    first.stop();
    await step(gateway, id, "while away");
    const second = open(gateway, { query: progress, variables: { id, after: seen.at(-1) } });
    seen.push((await second.next()).responseProgress.seq);
    await complete(gateway, id, "done");
    seen.push(...(await second.rest()).map(({ responseProgress }) => responseProgress.seq));
    expect(seen).toEqual(seen.map((_seq, place) => place + 1));
    const again = open(gateway, { query: progress, variables: { id, after: seen.at(-1) } });
    expect(await again.rest()).toEqual([]);
  });

  test("passing text is shown to those who watch, without a place, and is never kept", async () => {
    const id = await beginResponse(gateway, await newAgent());
    const watching = open(gateway, { query: progress, variables: { id } });
    while (told(await watching.next()) !== "PROCESSING");
    await step(gateway, id, "live now");
    await watching.next();
    gateway.gateway.tail.publishDelta({ stream: `response:${id}`, delta: { channel: "text", text: "Hel" } });
    const passing = await watching.next();
    expect(passing.responseProgress).toMatchObject({ kind: "DELTA", seq: null, delta: { text: "Hel" } });
    await complete(gateway, id, "Hello");
    await watching.rest();
    const replay = await open(gateway, { query: progress, variables: { id } }).rest();
    expect(replay.map(told)).not.toContain("Hel");
  });

  test("a place beyond what has happened is refused", async () => {
    const id = await beginResponse(gateway, await newAgent());
    const watching = open(gateway, { query: progress, variables: { id, after: 99 } });
    await expect(watching.next()).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("what is not there is refused in the words for it", async () => {
    const watching = open(gateway, { query: progress, variables: { id: "nothing" } });
    await expect(watching.next()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("an agent is shown as it is, then after each change once, until it is deleted", async () => {
    const { name } = await createAgent(gateway, `changing-${++names}`);
    const query = `subscription ($name: ID!) {
      agentChanged(name: $name) { state description computer { desired } setupStatus }
    }`;
    const watching = open(gateway, { query, variables: { name } });
    expect((await watching.next()).agentChanged).toMatchObject({ state: "IDLE", description: null });
    const describeIt = `mutation ($name: ID!, $text: String) {
      updateAgent(name: $name, input: { description: $text }) { name }
    }`;
    for (const text of ["one", "two"]) {
      await gateway.data(describeIt, { name, text });
      expect((await watching.next()).agentChanged.description).toBe(text);
    }
    await order(gateway, "sleepAgent", name);
    expect((await watching.next()).agentChanged.state).toBe("SLEPT");
    await deleteAgent(name);
    expect(await watching.next()).toBeUndefined();
  });

  test("what a value shows beyond its event is read anew each time", async () => {
    const { name } = await createAgent(gateway, `set-up-${++names}`, { setup: "echo ready" });
    const query = `subscription ($name: ID!) { agentChanged(name: $name) { state setupOutput } }`;
    const agent = open(gateway, { query, variables: { name } });
    expect((await agent.next()).agentChanged.setupOutput).toContain("ready");
    await order(gateway, "sleepAgent", name);
    expect((await agent.next()).agentChanged).toMatchObject({
      state: "SLEPT",
      setupOutput: expect.stringContaining("ready"),
    });
    agent.stop();

    const id = await beginResponse(gateway, await newAgent());
    const items = `subscription ($id: ID!) { responseProgress(id: $id, after: 2) { response { output { items { seq } } } } }`;
    const watching = open(gateway, { query: items, variables: { id } });
    const first = watching.next();
    await step(gateway, id, "one");
    expect((await first).responseProgress.response.output.items).toHaveLength(1);
    await step(gateway, id, "two");
    expect((await watching.next()).responseProgress.response.output.items).toHaveLength(2);
    watching.stop();
  });

  test("changes of agents come as filtered, with cursors to go on from", async () => {
    const query = `subscription ($after: Cursor, $tag: String!) {
      agentsChanged(filter: { tags: [$tag] }, after: $after) { cursor kind name agent { state } }
    }`;
    const tag = `team${++names}`;
    const watching = open(gateway, { query, variables: { tag, after: "0" } });
    const first = watching.next();
    await createAgent(gateway, `other-${names}`, { tags: ["other"] });
    await createAgent(gateway, `member-${names}`, { tags: [tag], engine: "EXTERNAL" });
    const created = (await first).agentsChanged;
    expect(created).toMatchObject({ kind: "CREATED", name: `member-${names}`, agent: { state: "INIT" } });
    watching.stop();
    await deleteAgent(`member-${names}`);
    const later = open(gateway, { query, variables: { tag, after: created.cursor } });
    const kinds = [];
    while (kinds.at(-1) !== "DELETED") kinds.push((await later.next()).agentsChanged.kind);
    expect(kinds.filter((kind) => kind !== "CHANGED")).toEqual(["DELETED"]);
    later.stop();
  });

  test("the log is shown from any cursor, by stream and type", async () => {
    const id = await beginResponse(gateway, await newAgent());
    const query = `subscription ($after: Cursor, $filter: EventFilter) {
      events(after: $after, filter: $filter) { cursor stream seq type payload }
    }`;
    const filter = { streams: [`response:${id}`], types: ["response.item"] };
    const watching = open(gateway, { query, variables: { after: "0", filter } });
    await step(gateway, id, "logged");
    const texts: unknown[] = [];
    let cursor = "";
    while (texts.at(-1) !== "logged") {
      const { events } = await watching.next();
      texts.push(events.payload.item.text);
      cursor = events.cursor;
    }
    watching.stop();
    await step(gateway, id, "logged later");
    const later = open(gateway, { query, variables: { after: cursor, filter } });
    expect((await later.next()).events.payload.item.text).toBe("logged later");
    later.stop();
    const beyond = open(gateway, { query, variables: { after: "999999999" } });
    await expect(beyond.next()).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("a worker's inbox shows what waits, then what comes, each once", async () => {
    const agent = await newAgent();
    const askFor = async () =>
      (
        await gateway.data(`mutation ($agent: ID!) { createResponse(agent: $agent, input: { text: "go" }) { id } }`, {
          agent,
        })
      ).createResponse.id;
    const waiting = [await askFor(), await askFor()];
    const watching = open(gateway, { query: inbox, variables: { agent } });
    const got = [await watching.next(), await watching.next()];
    const later = await askFor();
    got.push(await watching.next());
    expect(got.map(({ responseQueued }) => responseQueued.id)).toEqual([...waiting, later]);
    watching.stop();
  });

  test("a worker's inbox ends when its agent is deleted, and no other", async () => {
    const [agent, other] = [await newAgent(), await newAgent()];
    const watching = open(gateway, { query: inbox, variables: { agent } });
    const next = watching.next();
    await expect.poll(listening).toBe(1);
    await deleteAgent(other);
    const { createResponse } = await gateway.data(
      `mutation ($agent: ID!) { createResponse(agent: $agent, input: { text: "go" }) { id } }`,
      { agent },
    );
    expect((await next).responseQueued.id).toBe(createResponse.id);
    await deleteAgent(agent);
    expect(await watching.next()).toBeUndefined();
  });
});

test("a worker's inbox that begins when its agent has just been deleted is at its end", async () => {
  const agent = await newAgent();
  const watching = await letIn(gateway, { query: inbox, variables: { agent } });
  await deleteAgent(agent);
  expect(await watching.next()).toBeUndefined();
});

describe("many subscriptions", () => {
  test("of two thousand clients each sees everything, and none leaves anything behind", async () => {
    const id = await beginResponse(gateway, await newAgent());
    const clients = Array.from({ length: 20 }, () => socketClient(gateway));
    const short = `subscription ($id: ID!) { responseProgress(id: $id) { seq status } }`;
    const watching = clients.flatMap((client) =>
      Array.from({ length: 100 }, () => watchOn(client, { query: short, variables: { id } })),
    );
    await Promise.all(watching.map((each) => each.next()));
    await expect.poll(listening).toBe(1); // what all of them watch is read once
    await step(gateway, id, "for everybody");
    await complete(gateway, id, "done");
    const rests = await Promise.all(watching.map((each) => each.rest()));
    const shown = rests.map((rest) => JSON.stringify(rest));
    expect(new Set(shown).size).toBe(1);
    expect(JSON.parse(shown[0] ?? "").at(-1).responseProgress.status).toBe("COMPLETED");
    for (const client of clients) await client.dispose();
  }, 20_000);
});
