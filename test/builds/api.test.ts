import { afterAll, describe, expect, test } from "vitest";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket, transports } from "../support/live.ts";
import { makeRepositories, nodeAgent } from "./repository.ts";
import { addAgent, buildsOf } from "./support.ts";

const repositories = makeRepositories();
const world = await startTestGateway({ env: repositories.env });
const { gateway, runtime } = world;
afterAll(async () => {
  await world.stop();
  repositories.remove();
});
repositories.commit("o/agent", nodeAgent);
const addTo = (spaceName: string) => addAgent(gateway, { spaceName, name: "agent", sourceRepo: "o/agent" });

const makeSpace = (name: string) =>
  world.data(`mutation ($name: String!) { createSpace(input: { name: $name }) { name } }`, { name });
const rest = (path: string, { method = "GET", token = world.adminToken } = {}) =>
  fetch(`${world.url}/api/v0${path}`, { method, headers: { authorization: `Bearer ${token}` } });
const progress = `subscription ($id: ID!, $after: Int) {
  buildProgress(id: $id, after: $after) { seq kind line status build { status } }
}`;

describe.each(Object.entries(transports))("watching a build by %s", (transport, subscribe) => {
  test("shows all that happens, from any place on, and ends with the build", async () => {
    const space = `watched-${transport.replace(/\W/g, "-")}`;
    await makeSpace(space);
    const release = runtime.hold("images.addFolder");
    await addTo(space);
    await release.reached;
    const [build] = await buildsOf(gateway, space);
    const watching = subscribe(world, { query: progress, variables: { id: build?.id } });
    expect(await watching.next()).toMatchObject({ buildProgress: { seq: 1, kind: "STATUS", status: "PENDING" } });
    expect(await watching.next()).toMatchObject({ buildProgress: { seq: 2, kind: "STATUS", status: "BUILDING" } });
    release();
    const rest_ = (await watching.rest()).map(({ buildProgress }) => buildProgress);
    expect(rest_.map(({ seq }) => seq)).toEqual(rest_.map((_each, place) => place + 3));
    expect(rest_.at(-1)).toMatchObject({
      kind: "STATUS",
      status: "COMPLETED",
      line: null,
      build: { status: "COMPLETED" },
    });
    expect(rest_.slice(0, -1).every(({ kind, line }) => kind === "LOG" && line.length > 0)).toBe(true);

    const again = subscribe(world, { query: progress, variables: { id: build?.id, after: 1 } });
    expect((await again.rest()).map(({ buildProgress }) => buildProgress.seq)).toEqual([
      2,
      ...rest_.map(({ seq }) => seq),
    ]);
    const ended = subscribe(world, { query: progress, variables: { id: build?.id, after: rest_.at(-1).seq } });
    expect(await ended.rest()).toEqual([]);
  });
});

describe("builds in GraphQL", () => {
  test("are listed in their space and found from it", async () => {
    await makeSpace("listed");
    await makeSpace("empty");
    await addTo("listed");
    await world.settle();
    await world.data(`mutation { buildSpace(space: "listed") { id } }`);
    await world.settle();
    const fields =
      "id space status image error agents { name commit error manifest { runtime handler capabilities } } logs";
    const answer = await world.data(`{
      builds(space: "listed") { nodes { ${fields} } totalCount }
      failed: builds(space: "listed", status: FAILED) { totalCount }
      latestBuild(space: "listed") { id createdBy }
      spaces(filter: { active: true }) {
        nodes { name latestBuild { id } builds(first: 1) { nodes { id } totalCount pageInfo { hasNextPage } } }
      }
    }`);
    const [first, second] = answer.builds.nodes;
    expect(answer.builds.totalCount).toBe(2);
    expect(answer.failed.totalCount).toBe(0);
    expect(first).toMatchObject({
      space: "listed",
      status: "COMPLETED",
      agents: [{ name: "agent", error: null, manifest: { runtime: "node", handler: "index.processMessage" } }],
    });
    expect(first.logs).toContain("[agent] is ready");
    expect(answer.latestBuild).toEqual({ id: second.id, createdBy: "admin" });
    const inSpaces = new Map(answer.spaces.nodes.map((space: { name: string }) => [space.name, space]));
    expect(inSpaces.get("listed")).toMatchObject({
      latestBuild: { id: second.id },
      builds: { nodes: [{ id: first.id }], totalCount: 2, pageInfo: { hasNextPage: true } },
    });
    expect(inSpaces.get("empty")).toMatchObject({ latestBuild: null, builds: { nodes: [], totalCount: 0 } });
  });

  test("are ordered in active spaces only", async () => {
    await makeSpace("inactive");
    await world.data(`mutation { updateSpace(name: "inactive", input: { active: false }) { name } }`);
    const { errors } = await world.graphql(`mutation { buildSpace(space: "inactive") { id } }`);
    expect(errors?.[0]?.extensions.code).toBe("CONFLICT");
  });

  test("are hidden from those who may not know the space's agents", async () => {
    const token = await accountToken(world, "stranger");
    const [build] = await buildsOf(gateway, "listed");
    for (const document of [
      `mutation { buildSpace(space: "listed") { id } }`,
      `mutation { cancelBuild(id: "${build?.id}") { id } }`,
      `{ build(id: "${build?.id}") { id } }`,
      `{ latestBuild(space: "listed") { id } }`,
      `{ builds(space: "listed") { totalCount } }`,
    ]) {
      const { errors } = await world.graphql(document, {}, token);
      expect([document, errors?.[0]?.extensions.code]).toEqual([document, "NOT_FOUND"]);
    }
    const watching = overSocket(world, { query: progress, variables: { id: build?.id }, token });
    await expect(watching.next()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("builds in REST", () => {
  test("are ordered, and read by id or as the latest", async () => {
    await makeSpace("rested");
    expect((await rest("/spaces/rested/build/latest")).status).toBe(404);
    await addTo("rested");
    await world.settle();
    const ordered = await rest("/spaces/rested/build", { method: "POST" });
    expect(ordered.status).toBe(200);
    const { id } = (await ordered.json()) as { id: string };
    await world.settle();
    const latest = await rest("/spaces/rested/build/latest");
    const body: unknown = await latest.json();
    expect(body).toEqual({
      id,
      build_id: id,
      space: "rested",
      status: "completed",
      image_tag: `raworc_space_rested:${id}`,
      agents_deployed: ["agent"],
      error: null,
      logs: expect.stringContaining("[agent] is ready"),
      started_at: "2026-01-01T00:00:00.000Z",
      completed_at: "2026-01-01T00:00:00.000Z",
    });
    expect(await (await rest(`/spaces/rested/build/${id}`)).json()).toEqual(body);
  });

  test("are 404 in another space, without one, and for an unknown space", async () => {
    const [build] = await buildsOf(gateway, "rested");
    for (const path of [
      "/spaces/listed/build/" + build?.id,
      "/spaces/rested/build/absent",
      "/spaces/absent/build/latest",
    ]) {
      expect([path, (await rest(path)).status]).toEqual([path, 404]);
    }
    expect((await rest("/spaces/absent/build", { method: "POST" })).status).toBe(404);
  });

  test("that were cancelled count as failed, and say so", async () => {
    await makeSpace("stopped");
    const release = runtime.hold("images.addFolder");
    await addTo("stopped");
    await release.reached;
    const [build] = await buildsOf(gateway, "stopped");
    await world.data(`mutation ($id: ID!) { cancelBuild(id: $id) { id } }`, { id: build?.id });
    release();
    await world.settle();
    const body: unknown = await (await rest("/spaces/stopped/build/latest")).json();
    expect(body).toMatchObject({ status: "failed", error: "Cancelled by admin", agents_deployed: [] });
  });
});
