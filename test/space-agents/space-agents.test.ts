import { afterAll, describe, expect, test } from "vitest";
import { makeRepositories, nodeAgent, pythonAgent } from "../builds/repository.ts";
import { accountToken, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket } from "../support/live.ts";
import { createSpaceAgent, makeSpace, orderSpaceAgent, spaceAgent } from "./support.ts";

const repositories = makeRepositories();
repositories.commit("raworc/python", pythonAgent);
repositories.commit("raworc/node", nodeAgent);
repositories.commit("raworc/broken", { "raworc.json": "no json" });
const gateway = await startTestGateway({ env: repositories.env });
afterAll(async () => {
  await gateway.stop();
  repositories.remove();
});

const creation = `mutation ($input: CreateSpaceAgentInput!) { createSpaceAgent(input: $input) { name } }`;
const refusedCreation = (input: object) =>
  refusalOf(gateway, creation, { input: { space: "default", name: "ok-name", sourceRepo: "raworc/python", ...input } });

describe("creating a space agent", () => {
  test("builds it into its space's image, after which it is active", async () => {
    const made = await createSpaceAgent(gateway, { name: "raworc-agent-python-demo", sourceRepo: "raworc/python" });
    expect(made).toMatchObject({ status: "ACTIVE", sourceBranch: "main", createdByName: "admin", computer: null });
    const built = await spaceAgent(gateway, { name: "raworc-agent-python-demo" });
    expect(built).toMatchObject({ status: "ACTIVE", lastError: null });
    const events = await gateway.gateway.store.event.findMany({ where: { stream: `space-agent:${made.id}` } });
    const story = events.map(({ type, payload }) => [type, (payload as { status: string }).status].join(" "));
    expect(story).toEqual(["space-agent.created ACTIVE", "space-agent.changed BUILDING", "space-agent.changed ACTIVE"]);
  });

  test("says of each agent why it cannot be built, and builds the others", async () => {
    await makeSpace(gateway, "mixed");
    await createSpaceAgent(gateway, { space: "mixed", name: "good", sourceRepo: "raworc/node" });
    await createSpaceAgent(gateway, { space: "mixed", name: "bad", sourceRepo: "raworc/broken" });
    expect(await spaceAgent(gateway, { space: "mixed", name: "good" })).toMatchObject({ status: "ACTIVE" });
    expect(await spaceAgent(gateway, { space: "mixed", name: "bad" })).toMatchObject({
      status: "ERROR",
      lastError: expect.stringContaining("raworc.json"),
    });
  });

  test.each([
    [{ name: "running" }, "name"],
    [{ name: "Running" }, "name"],
    [{ name: "a" }, "name"],
    [{ name: "under_score" }, "name"],
    [{ sourceRepo: "" }, "sourceRepo"],
    [{ sourceRepo: "https://user:secret@example.com/a/b" }, "sourceRepo"],
    [{ sourceRepo: "--upload-pack=x" }, "sourceRepo"],
    [{ sourceBranch: "-x" }, "sourceBranch"],
    [{ description: "x".repeat(10_001) }, "description"],
    [{ purpose: "\0" }, "purpose"],
  ])("refuses %j, naming the field", async (input, field) => {
    expect(await refusedCreation(input)).toMatchObject({ code: "BAD_USER_INPUT", field });
  });

  test("is refused for a taken name, an unknown space and an inactive one", async () => {
    expect(await refusedCreation({ name: "raworc-agent-python-demo" })).toMatchObject({ code: "CONFLICT" });
    expect(await refusedCreation({ space: "nowhere" })).toMatchObject({ code: "NOT_FOUND" });
    await makeSpace(gateway, "asleep");
    await gateway.data(`mutation { updateSpace(name: "asleep", input: { active: false }) { name } }`);
    expect(await refusedCreation({ space: "asleep" })).toMatchObject({ code: "CONFLICT" });
  });
});

describe("changing a space agent", () => {
  test("changes texts without a build, and another source with one", async () => {
    const place = { space: "changes", name: "helper" };
    await makeSpace(gateway, "changes");
    await createSpaceAgent(gateway, { ...place, sourceRepo: "raworc/python" });
    const builds = () => gateway.gateway.store.build.count({ where: { spaceName: "changes" } });
    const update = async (input: string) => {
      const agent = await orderSpaceAgent(gateway, "updateSpaceAgent", place, `input: ${input}`);
      await gateway.settle();
      return agent;
    };
    expect(await update(`{ description: "d", purpose: "p" }`)).toMatchObject({ description: "d", purpose: "p" });
    expect(await builds()).toBe(1);
    expect(await update(`{ sourceRepo: "raworc/node" }`)).toMatchObject({ sourceRepo: "raworc/node", purpose: "p" });
    expect(await builds()).toBe(2);
    expect(await spaceAgent(gateway, place)).toMatchObject({ status: "ACTIVE", sourceRepo: "raworc/node" });
  });

  test("to inactive leaves it out of the next build, and to active takes it in again", async () => {
    const place = { space: "switches", name: "helper" };
    await makeSpace(gateway, "switches");
    await createSpaceAgent(gateway, { ...place, sourceRepo: "raworc/python" });
    const set = async (status: string) => {
      await orderSpaceAgent(gateway, "setSpaceAgentStatus", place, `status: "${status}"`);
      await gateway.settle();
      return spaceAgent(gateway, place);
    };
    expect(await set("inactive")).toMatchObject({ status: "INACTIVE" });
    const refused = `mutation { deploySpaceAgent(space: "switches", name: "helper") { id } }`;
    expect(await refusalOf(gateway, refused)).toMatchObject({ code: "CONFLICT", state: "INACTIVE" });
    expect(await set("ACTIVE")).toMatchObject({ status: "ACTIVE" });
    expect(await gateway.gateway.store.build.count({ where: { spaceName: "switches", status: "COMPLETED" } })).toBe(3);
    const running = `mutation { setSpaceAgentStatus(space: "switches", name: "helper", status: "running") { id } }`;
    expect(await refusalOf(gateway, running)).toMatchObject({ code: "BAD_USER_INPUT", field: "status" });
  });

  test("is seen live from the present state on, until it is deleted", async () => {
    const place = { space: "watched", name: "helper" };
    await makeSpace(gateway, "watched");
    await createSpaceAgent(gateway, { ...place, sourceRepo: "raworc/python" });
    const query = `subscription { spaceAgentChanged(space: "watched", name: "helper") { status description } }`;
    const watching = overSocket(gateway, { query });
    expect(await watching.next()).toEqual({ spaceAgentChanged: { status: "ACTIVE", description: null } });
    await orderSpaceAgent(gateway, "updateSpaceAgent", place, `input: { description: "new" }`);
    expect(await watching.next()).toEqual({ spaceAgentChanged: { status: "ACTIVE", description: "new" } });
    await gateway.data(`mutation { deleteSpaceAgent(space: "watched", name: "helper") { space name } }`);
    expect(await watching.rest()).toEqual([]);
  });
});

describe("space agents", () => {
  test("are listed by their space and of it, in order and by status", async () => {
    await makeSpace(gateway, "listed");
    for (const name of ["one", "two", "three"]) {
      await createSpaceAgent(gateway, { space: "listed", name, sourceRepo: "raworc/python" });
      await gateway.clock.advance(1);
    }
    await orderSpaceAgent(gateway, "setSpaceAgentStatus", { space: "listed", name: "two" }, `status: "inactive"`);
    const { spaceAgents, space, off } = await gateway.data(`{
      spaceAgents(space: "listed", first: 2) { nodes { name } totalCount pageInfo { hasNextPage } }
      off: spaceAgents(space: "listed", filter: { statuses: [INACTIVE] }) { nodes { name } totalCount }
      space(name: "listed") { spaceAgents(first: 2, offset: 1) { nodes { name } totalCount } }
    }`);
    expect(spaceAgents).toEqual({
      nodes: [{ name: "one" }, { name: "two" }],
      totalCount: 3,
      pageInfo: { hasNextPage: true },
    });
    expect(off).toEqual({ nodes: [{ name: "two" }], totalCount: 1 });
    expect(space.spaceAgents).toEqual({ nodes: [{ name: "two" }, { name: "three" }], totalCount: 3 });
  });

  test("are hidden from strangers, readable by developers, and changed by those who may", async () => {
    await makeSpace(gateway, "guarded");
    await createSpaceAgent(gateway, { space: "guarded", name: "helper", sourceRepo: "raworc/python" });
    const [stranger, developer] = [
      await accountToken(gateway, "stranger"),
      await accountToken(gateway, "developer", "developer", "guarded"),
    ];
    const read = `{ spaceAgent(space: "guarded", name: "helper") { name logs { text } } }`;
    expect(await refusalOf(gateway, read, {}, stranger)).toMatchObject({ code: "NOT_FOUND" });
    expect(await gateway.data(read, {}, developer)).toEqual({ spaceAgent: { name: "helper", logs: [] } });
    const list = `{ spaceAgents(space: "guarded") { totalCount } }`;
    expect(await refusalOf(gateway, list, {}, stranger)).toMatchObject({ code: "NOT_FOUND" });
    const remove = `mutation { deleteSpaceAgent(space: "guarded", name: "helper") { name } }`;
    expect(await refusalOf(gateway, remove, {}, developer)).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(gateway, read, {}, null)).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("go with their space, and with them their computers", async () => {
    await makeSpace(gateway, "doomed");
    await createSpaceAgent(gateway, { space: "doomed", name: "helper", sourceRepo: "raworc/python" });
    const deployed = await orderSpaceAgent(gateway, "deploySpaceAgent", { space: "doomed", name: "helper" });
    await gateway.settle();
    await gateway.data(`mutation { deleteSpace(name: "doomed") { name } }`);
    await gateway.settle();
    const { store } = gateway.gateway;
    expect(await store.spaceAgent.count({ where: { spaceName: "doomed" } })).toBe(0);
    expect(await store.computer.count({ where: { id: deployed.computer.id } })).toBe(0);
  });
});
