import type { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import type { Prisma } from "../../src/store/generated/client/client.ts";
import type { Store, Transact } from "../../src/store/store.ts";
import { accountToken, createAgent } from "../support/agents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { Kind, Named } from "./operations.ts";
import { granting, tokenGranting } from "./people.ts";
import type { Caller, Place } from "./rules.ts";

type Gateway = TestGateway<ReturnType<typeof createMemoryRuntime>>;

/** A thing of the world, or the name of one that is not there (`place` is `null`). */
export interface Thing extends Named {
  /** Such as `in home`, for the names of tests. */
  readonly where: string;
  readonly place: Place | null;
}

/** A gateway with callers and things, in which nothing ever changes. */
export interface World {
  readonly gateway: Gateway;
  readonly tokens: Readonly<Record<Caller, string | null>>;
  readonly things: Readonly<Record<Kind, readonly Thing[]>>;
  /** How many changes were carried through, and then undone. */
  readonly changes: () => number;
}

const missingId = "00000000-0000-7000-8000-000000000000";

/** Makes the world. Whatever changes it from then on is carried through, answered and undone. */
export async function makeWorld(): Promise<World> {
  const gateway = await startTestGateway({
    env: { RAWORC_MAX_MUTATIONS_PER_MINUTE: "10000000", RAWORC_ENGINE: "external" },
  });
  for (const name of ["home", "away"]) {
    await gateway.data(`mutation ($name: String!) { createSpace(input: { name: $name }) { name } }`, { name });
    const input = { space: name, key: "TOKEN", value: "a secret value" };
    await gateway.data(`mutation ($input: SecretInput!) { createSecret(input: $input) { key } }`, { input });
  }
  const accounts = await makeAccounts(gateway);
  const agents = await makeAgents(gateway);
  const { createAgentToken } = await gateway.data(`mutation { createAgentToken(name: "agent-home") { token } }`);
  const sessions = await makeSessions(gateway);
  await gateway.controller.stop(); // nothing may change by itself
  const built = await makeBuilt(gateway);
  const things = { ...(await makeGlobals(gateway)), ...agents, ...inSpaces, session: sessions, ...built };
  return {
    gateway,
    tokens: { ...accounts, "the administrator": gateway.adminToken, "the worker": createAgentToken.token },
    things,
    changes: undoingChanges(gateway),
  };
}

async function makeAccounts(gateway: Gateway) {
  const overseer = [{ resources: ["*"], verbs: ["get", "list"], scope: "global" as const }];
  return {
    nobody: null,
    "a bad token": "not.a.token",
    "a stranger": await accountToken(gateway, "a-stranger"),
    "the developer": await accountToken(gateway, "the-developer", "developer", "home"),
    "the operator": await accountToken(gateway, "the-operator", "operator", "home"),
    "the owner": await accountToken(gateway, "the-owner"),
    "the reader": await tokenGranting(
      gateway,
      "the-reader",
      granting(["sessions", "agents", "secrets"], ["get", "list"]),
      "home",
    ),
    "the overseer": await tokenGranting(gateway, "the-overseer", overseer, null),
  };
}

const agentPlaces: Readonly<Record<string, Place>> = {
  "agent-home": { space: "home", ofWorkersAgent: true },
  "agent-away": { space: "away" },
  "agent-owned": { space: "away", madeByOwner: true },
  "agent-shown": { space: "away", published: true },
};

async function makeAgents(gateway: Gateway): Promise<Pick<World["things"], "agent" | "response">> {
  const { store } = gateway.gateway;
  const agents: Thing[] = [{ where: "missing", id: "agent-gone", space: "home", place: null }];
  const responses: Thing[] = [{ where: "missing", id: missingId, space: "home", place: null }];
  for (const [id, place] of Object.entries(agentPlaces)) {
    const space = String(place.space);
    await createAgent(gateway, id, {
      space,
      engine: "EXTERNAL",
      setup: "echo ready",
      secrets: { OWN: "secret value" },
    });
    const file = `mutation ($id: ID!) { writeFile(agent: $id, path: "note.txt", content: "private") { name } }`;
    await gateway.data(file, { id });
    if (place.published) await gateway.data(`mutation ($id: ID!) { publishAgent(name: $id) { name } }`, { id });
    await changeRow(gateway, id, {
      lastError: "its container ended",
      ...(place.madeByOwner ? await owner(store) : {}),
    });
    const { createResponse } = await gateway.data(
      `mutation ($id: ID!) { createResponse(agent: $id, input: { text: "hello" }) { id } }`,
      { id },
    );
    const where = `of ${id}`;
    agents.push({ where, id, space, place });
    // What a published agent answers is not published.
    responses.push({ where, id: createResponse.id, space, place: { ...place, published: false } });
  }
  await gateway.settle();
  return { agent: agents, response: responses };
}

async function changeRow(
  { gateway: { store, memory } }: Gateway,
  name: string,
  data: Prisma.AgentUncheckedUpdateInput,
) {
  await store.agent.update({ where: { name }, data });
  memory.forgetAll(); // no event told it
}

async function owner(store: Store) {
  const { id, user } = await store.serviceAccount.findUniqueOrThrow({ where: { user: "the-owner" } });
  return { createdById: id, createdByName: user };
}

async function makeSessions(gateway: Gateway): Promise<Thing[]> {
  const { store, memory } = gateway.gateway;
  const sessions: Thing[] = [{ where: "missing", id: missingId, space: "home", place: null }];
  const places: readonly Place[] = [{ space: "home" }, { space: "away" }, { space: "away", madeByOwner: true }];
  for (const place of places) {
    const space = String(place.space);
    const document = `mutation ($space: ID!) { createSession(input: { space: $space, engine: EXTERNAL }) { id } }`;
    const { id } = (await gateway.data(document, { space })).createSession;
    if (place.madeByOwner) await store.session.update({ where: { id }, data: await owner(store) });
    sessions.push({ where: place.madeByOwner ? "one's own" : `in ${space}`, id, space, place });
  }
  await gateway.settle();
  memory.forgetAll(); // no event told it of the owner
  return sessions;
}

/** Written as rows, for there is no repository to build from. */
async function makeBuilt({ gateway }: Gateway): Promise<Pick<World["things"], "spaceAgent" | "build">> {
  const spaceAgents: Thing[] = [{ where: "missing", id: "gone", space: "away", place: null }];
  const builds: Thing[] = [{ where: "missing", id: missingId, space: "away", place: null }];
  const times = { createdAt: gateway.now(), updatedAt: gateway.now() };
  for (const space of ["home", "away"] as const) {
    const [agentId, buildId, where] = [gateway.newId(), gateway.newId(), `in ${space}`];
    const source = { name: "helper", sourceRepo: "https://git.example/helper.git" };
    await gateway.store.spaceAgent.create({ data: { id: agentId, spaceName: space, ...source, ...times } });
    await gateway.store.build.create({ data: { id: buildId, spaceName: space, status: "COMPLETED", ...times } });
    spaceAgents.push({ where, id: "helper", space, place: { space } });
    builds.push({ where, id: buildId, space, place: { space } });
  }
  return { spaceAgent: spaceAgents, build: builds };
}

const inSpaces: Pick<World["things"], "secret" | "space" | "nothing"> = {
  secret: [
    { where: "in home", id: "TOKEN", space: "home", place: { space: "home" } },
    { where: "in away", id: "TOKEN", space: "away", place: { space: "away" } },
    { where: "missing", id: "GONE", space: "away", place: null },
    { where: "in a missing space", id: "TOKEN", space: "nowhere", place: null },
  ],
  space: [
    { where: "home", id: "home", space: "home", place: { space: "home" } },
    { where: "away", id: "away", space: "away", place: { space: "away" } },
    { where: "missing", id: "nowhere", space: "nowhere", place: null },
  ],
  nothing: [{ where: "anywhere", id: "", space: "", place: { space: null } }],
};

async function makeGlobals(gateway: Gateway): Promise<Pick<World["things"], "role" | "binding" | "account">> {
  await tokenGranting(gateway, "target", granting(["agents"], ["get"]), "away");
  const { id } = await gateway.gateway.store.roleBinding.findFirstOrThrow({ where: { subject: "target" } });
  const twice = (known: string, missing: string): Thing[] => [
    { where: "there", id: known, space: "", place: { space: null } },
    { where: "missing", id: missing, space: "", place: null },
  ];
  return { role: twice("target", "gone"), account: twice("target", "gone"), binding: twice(id, missingId) };
}

/** Thrown at the end of a transaction to undo it, with what it came to. */
class Undone extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super("undone");
    this.result = result;
  }
}

/** From now on every change is made, counted and undone, so that thousands of calls meet one unchanged world. */
function undoingChanges({ gateway }: Gateway): () => number {
  let changes = 0;
  const { store } = gateway;
  const transact: Transact = async (work, options) => {
    const undone = store.transact(async (tx, sql) => {
      throw new Undone(await work(tx, sql));
    }, options);
    return undone.catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
      changes++;
      return error.result as never; // of this very work
    });
  };
  const undoing = new Proxy(store, {
    get: (target, key) => (key === "transact" ? transact : Reflect.get(target, key)),
  });
  Object.assign(gateway, { store: undoing satisfies Store });
  return () => changes;
}
