import { globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventRules } from "../../src/domain/system/visible-events.ts";
import { commit } from "../../src/events/commit.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { accountToken, createSpace, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { countListeners, overSocket } from "../support/live.ts";
import { granting, tokenGranting } from "./people.ts";

/** One event of every kind, by what it is about; all but the last three happen in a space. */
const kinds: Readonly<Record<string, Omit<NewEvent, "type" | "payload" | "space">>> = {
  agent: { stream: "agent:ada" },
  "response of an agent": { stream: "response:1", partOf: "agents" },
  "response of a session": { stream: "response:2", partOf: "sessions" },
  "response of nobody knows what": { stream: "response:3" },
  session: { stream: "session:1" },
  message: { stream: "message:1" },
  computer: { stream: "computer:1" },
  space: { stream: "space:SPACE" },
  secret: { stream: "secret:SPACE/TOKEN" },
  "space agent": { stream: "space-agent:SPACE/helper" },
  build: { stream: "build:1" },
  "role binding": { stream: "role-binding:1" },
  account: { stream: "service-account:1" },
  role: { stream: "role:developer" },
  "what nobody foresaw": { stream: "surprise:1" },
};
const ofAgents = ["agent", "response of an agent", "space agent", "build"];
const ofSessions = ["response of a session", "session", "message"];
const ofBoth = [...ofAgents, ...ofSessions, "computer"];

/** What each caller sees of the events in the space they have a role in; nobody sees those of another space. */
const seenInOwnSpace: Readonly<Record<string, readonly string[]>> = {
  nobody: [],
  developer: [...ofBoth, "space", "secret"],
  operator: [...ofBoth, "space", "secret"],
  "lists agents": [...ofAgents, "space"],
  "lists responses": ["response of an agent", "space"],
  "lists sessions": [...ofSessions, "space"],
  "lists secrets": ["secret", "space"],
  "gets agents": ["space"],
};

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let listening: () => number;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  gateway = await startTestGateway();
  listening = countListeners(gateway.gateway.tail);
  for (const space of ["mine", "other"]) await createSpace(gateway, space);
  tokens["nobody"] = await accountToken(gateway, "nobody");
  for (const role of ["developer", "operator"]) tokens[role] = await accountToken(gateway, role, role, "mine");
  for (const resource of ["agents", "responses", "sessions", "secrets"]) {
    tokens[`lists ${resource}`] = await tokenGranting(
      gateway,
      `lists-${resource}`,
      granting([resource], ["list"]),
      "mine",
    );
  }
  tokens["gets agents"] = await tokenGranting(gateway, "gets-agents", granting(["agents"], ["get"]), "mine");
});
afterAll(() => gateway.stop());

/** Writes one event of every kind in each of two spaces; what lives in no space says so. */
async function emitAll(type: string, more: Partial<NewEvent> = {}): Promise<void> {
  await commit(gateway.gateway, async ({ emit }) => {
    for (const space of ["other", "mine"]) {
      for (const [about, event] of Object.entries(kinds)) {
        const stream = event.stream.replace("SPACE", space);
        await emit({ type, payload: { about, space }, space, ...event, ...more, stream });
      }
    }
  });
}

const query = `query ($after: Cursor, $filter: EventFilter, $first: Int) {
  events(after: $after, filter: $filter, first: $first) { nodes { payload } hasNextPage endCursor totalCount }
}`;

// biome-ignore lint/suspicious/noExplicitAny: an event's payload as it came
const told = ({ payload: { about, space } }: any) => `${about} in ${space}`;

describe("the log is a list like every other", () => {
  const document = `query ($after: Cursor, $filter: EventFilter, $first: Int) {
    events(after: $after, filter: $filter, first: $first) {
      nodes { cursor } edges { cursor node { cursor } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } hasNextPage endCursor totalCount
    }
  }`;
  const filter = { types: ["of a list"] };
  const ask = async (page: object) => (await gateway.data(document, { filter, ...page })).events;

  test("with edges, and with cursors that pages follow each other by", async () => {
    await emitAll("of a list");
    const whole = await ask({});
    const cursors = whole.nodes.map(({ cursor }: { cursor: string }) => cursor);
    expect(cursors).toHaveLength(whole.totalCount);
    expect(whole.edges).toEqual(cursors.map((cursor: string) => ({ cursor, node: { cursor } })));
    const first = await ask({ first: 3 });
    expect(first.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: cursors[0],
      endCursor: cursors[2],
    });
    const rest = await ask({ after: first.pageInfo.endCursor });
    expect(rest.nodes).toEqual(whole.nodes.slice(3));
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true, startCursor: cursors[3] });
    for (const page of [first, rest]) {
      expect(page.pageInfo).toMatchObject({ hasNextPage: page.hasNextPage, endCursor: page.endCursor });
    }
  });

  test("nothing of which may be asked for, to count it: nothing is passed over", async () => {
    await emitAll("of a list");
    const { nodes, totalCount } = await ask({});
    const none = await ask({ first: 0, after: nodes[0].cursor });
    expect(none).toMatchObject({ nodes: [], edges: [], totalCount, endCursor: nodes[0].cursor });
    expect(none.pageInfo).toMatchObject({ hasNextPage: true, startCursor: null });
    expect((await ask({ after: none.endCursor })).nodes).toEqual(nodes.slice(1));
    const { errors } = await gateway.graphql(document, { first: -1 });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: "first" });
  });
});

describe("the log shows a caller what happened to the things they may list, and no more", () => {
  test.each(Object.keys(seenInOwnSpace))("%s: a caller sees what it lists, on pages of full size", async (person) => {
    const type = `seen by ${person}`;
    await emitAll(type);
    const wanted = (seenInOwnSpace[person] ?? []).map((about) => `${about} in mine`);
    const filter = { types: [type] };
    const { events } = await gateway.data(query, { filter }, tokens[person]);
    expect(events.nodes.map(told).toSorted()).toEqual(wanted.toSorted());
    expect(events.totalCount).toBe(wanted.length);
    if (wanted.length < 2) return;
    const first = (await gateway.data(query, { filter, first: wanted.length - 1 }, tokens[person])).events;
    const rest = (await gateway.data(query, { filter, after: first.endCursor }, tokens[person])).events;
    expect(first.nodes).toHaveLength(wanted.length - 1);
    expect([...first.nodes, ...rest.nodes]).toEqual(events.nodes);
  });

  test.each(Object.keys(seenInOwnSpace))("%s: the same live", async (person) => {
    const type = `live for ${person}`;
    const subscription = `subscription ($filter: EventFilter) { events(filter: $filter) { type payload } }`;
    const filter = { types: [type, `end for ${person}`] };
    const watching = overSocket(gateway, { query: subscription, variables: { filter }, token: tokens[person] ?? "" });
    const seen: string[] = [];
    const end = (async () => {
      for (;;) {
        const { events } = await watching.next();
        if (events.type !== type) return;
        seen.push(told(events));
      }
    })();
    await expect.poll(listening).toBe(1);
    await emitAll(type);
    // What one made oneself is seen by all, so it marks the end.
    const { id } = await gateway.gateway.store.serviceAccount.findUniqueOrThrow({
      where: { user: person.replace(" ", "-") },
    });
    const mark = { stream: "agent:mark", type: `end for ${person}`, payload: {}, space: "other", ownerId: id };
    await commit(gateway.gateway, ({ emit }) => emit(mark));
    await end;
    watching.stop();
    expect(seen.toSorted()).toEqual((seenInOwnSpace[person] ?? []).map((about) => `${about} in mine`).toSorted());
    await expect.poll(listening).toBe(0);
  });

  test("in all spaces, where the role is bound everywhere", async () => {
    const rules = [
      ...granting(["agents"], ["list"]),
      { resources: ["roles"], verbs: ["list"], scope: "global" as const },
    ];
    const token = await tokenGranting(gateway, "everywhere", rules, null);
    await emitAll("everywhere");
    const { events } = await gateway.data(query, { filter: { types: ["everywhere"] } }, token);
    const wanted = ["mine", "other"].flatMap((space) => [...ofAgents, "role"].map((about) => `${about} in ${space}`));
    expect(events.nodes.map(told).toSorted()).toEqual(wanted.toSorted());
  });

  test("administrators see all of it, also what nobody foresaw", async () => {
    await emitAll("for administrators");
    const { events } = await gateway.data(query, { filter: { types: ["for administrators"] } });
    expect(events.nodes).toHaveLength(2 * Object.keys(kinds).length);
  });

  test("the beginning of a stream's name means itself, wildcards included", async () => {
    const only = async (streamPrefix: string) =>
      (await gateway.data(query, { filter: { streamPrefix, types: ["for administrators"] } })).events.nodes.map(told);
    expect(await only("secret:mine/")).toEqual(["secret in mine"]);
    for (const prefix of ["secret:mi_e/", "secret:%", "secret:mine\\/"]) expect(await only(prefix)).toEqual([]);
  });

  test("who made an agent sees what happens to it and what it answers", async () => {
    const token = await accountToken(gateway, "maker", "developer", "mine");
    const input = { name: "made", space: "mine", engine: "EXTERNAL" };
    await gateway.data(`mutation ($input: CreateAgentInput!) { createAgent(input: $input) { id } }`, { input }, token);
    await gateway.data(`mutation { createResponse(agent: "made", input: { text: "mine" }) { id } }`);
    await gateway.settle();
    const { id } = await gateway.gateway.store.roleBinding.findFirstOrThrow({ where: { subject: "maker" } });
    await gateway.data(`mutation ($id: ID!) { deleteRoleBinding(id: $id) { id } }`, { id });
    const { events } = await gateway.data(`{ events { nodes { stream payload } } }`, {}, token);
    const seen = new Set<string>(events.nodes.map(({ stream }: { stream: string }) => stream.replace(/:.*/, "")));
    expect([...seen].toSorted()).toEqual(["agent", "response"]);
    const others = events.nodes.filter((event: { payload: object }) => "about" in event.payload);
    expect(others).toEqual([]);
  });
});

describe("every kind of stream", () => {
  const source = globSync("src/domain/**/*.ts").map((path) => readFileSync(path, "utf8"));
  const streams = /(?:stream: |Stream = \([^)]*\)(?:: \w+)? =>\s+)`([a-z-]+):\$\{/g;
  const written = new Set(source.flatMap((text) => [...text.matchAll(streams)].map(([, kind]) => kind ?? "")));

  test.each([...written].toSorted())("%s has a rule that says who sees its events", (kind) => {
    expect(eventRules.map((rule) => rule.kind)).toContain(kind);
  });

  test("is found in the source", () => {
    for (const kind of ["agent", "response", "computer", "secret", "role"]) expect([...written]).toContain(kind);
  });
});

describe("a cursor from before what was forgotten", () => {
  test("is refused with the oldest one that misses nothing, and that one is good", async () => {
    const own = await startTestGateway({ env: { RAWORC_EVENT_RETENTION_DAYS: "1" } });
    try {
      const { endCursor } = (await own.data(query)).events;
      await own.clock.advance(2 * 24 * 3600);
      await own
        .data(`mutation { login(user: "admin", password: "admin") { token } }`, {}, null)
        .then(({ login }) => Object.assign(own, { adminToken: login.token }));
      const token = own.adminToken;
      const refused = await refusalOf(own, query, { after: "0" }, token);
      expect(refused).toMatchObject({ code: "BAD_USER_INPUT", field: "after" });
      const oldest = refused?.["oldestCursor"];
      expect(BigInt(String(oldest))).toBeGreaterThanOrEqual(BigInt(endCursor));
      const { events } = await own.data(query, { after: oldest }, token);
      expect(events.nodes.length).toBeGreaterThan(0);
      expect((await own.data(query, {}, token)).events).toEqual(events);
      for (const field of ["events", "agentsChanged"]) {
        const subscription = `subscription { ${field}(after: "0") { cursor } }`;
        await expect(overSocket(own, { query: subscription, token }).next()).rejects.toMatchObject({
          code: "BAD_USER_INPUT",
        });
      }
    } finally {
      await own.stop();
    }
  });
});
