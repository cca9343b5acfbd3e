import { afterAll, describe, expect, test } from "vitest";
import { makeRepositories, nodeAgent, pythonAgent } from "../builds/repository.ts";
import { refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket } from "../support/live.ts";
import { build, containerOf, createSpaceAgent, deploy, makeSpace, orderSpaceAgent, spaceAgent } from "./support.ts";

const repositories = makeRepositories();
repositories.commit("raworc/python", pythonAgent);
repositories.commit("raworc/node", nodeAgent);
repositories.commit("raworc/broken", { "raworc.json": "no json" });
const gateway = await startTestGateway({ env: repositories.env });
const { runtime } = gateway;
afterAll(async () => {
  await gateway.stop();
  repositories.remove();
});

let spaces = 0;
/** A built space agent in a space of its own. */
async function newAgent(sourceRepo = "raworc/python") {
  const place = { space: `space-${(spaces += 1)}`, name: "helper" };
  await makeSpace(gateway, place.space);
  await createSpaceAgent(gateway, { ...place, sourceRepo });
  return place;
}
const deployment = `mutation ($space: ID!, $name: ID!) { deploySpaceAgent(space: $space, name: $name) { id } }`;

describe("deploying a space agent", () => {
  test("runs its handler as the main process of a computer of its own, made from the latest image", async () => {
    const place = await newAgent();
    expect(await orderSpaceAgent(gateway, "deploySpaceAgent", place)).toMatchObject({
      status: "ACTIVE",
      startedAt: null,
    });
    await gateway.settle();
    const deployed = await spaceAgent(gateway, place);
    expect(deployed).toMatchObject({
      status: "RUNNING",
      lastError: null,
      computer: { phase: "RUNNING", network: "NONE" },
    });
    expect(deployed.startedAt).not.toBeNull();
    const spec = runtime.specOf(containerOf(deployed));
    expect(spec.image).toBe(`raworc_space_${place.space}:${deployed.deployedBuild}`);
    expect(spec.command?.slice(0, 2)).toEqual(["python3", "-c"]);
    expect(spec.command?.slice(-3)).toEqual(["serve", "helper", "main.process_message"]);
  });

  test("again changes nothing, and after a new build takes the new image", async () => {
    const place = await newAgent();
    const first = await deploy(gateway, place);
    expect(await deploy(gateway, place)).toEqual(first);
    await build(gateway, place.space);
    expect(await spaceAgent(gateway, place)).toMatchObject({ status: "RUNNING", computer: { id: first.computer.id } });
    const second = await deploy(gateway, place);
    expect(second).toMatchObject({ status: "RUNNING" });
    expect(second.deployedBuild).not.toBe(first.deployedBuild);
    expect(await gateway.gateway.store.computer.count({ where: { id: first.computer.id } })).toBe(0);
  });

  test("is refused while there is no image with it, and says why", async () => {
    const failed = await newAgent("raworc/broken");
    const { errors } = await gateway.graphql(deployment, failed);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringMatching(/^Space agent "helper" cannot be deployed: /),
      extensions: { code: "CONFLICT", state: "ERROR" },
    });
  });

  test("keeps no secret in the container", async () => {
    const place = await newAgent();
    const input = { space: place.space, key: "TOKEN", value: "t0k3n" };
    await gateway.data(`mutation ($input: SecretInput!) { createSecret(input: $input) { key } }`, { input });
    expect(JSON.stringify(runtime.specOf(containerOf(await deploy(gateway, place))))).not.toContain("t0k3n");
  });

  test("shows what runs, and since when", async () => {
    const place = await newAgent("raworc/node");
    await deploy(gateway, place);
    const query = `query ($space: ID!) {
      spaceAgents(space: $space, filter: { statuses: [RUNNING] }) { nodes { name startedAt } } }`;
    const { spaceAgents } = await gateway.data(query, place);
    expect(spaceAgents.nodes).toEqual([{ name: "helper", startedAt: expect.any(String) }]);
  });
});

describe("stopping a space agent", () => {
  test("removes its computer; again changes nothing", async () => {
    const place = await newAgent();
    const deployed = await deploy(gateway, place);
    expect(await orderSpaceAgent(gateway, "stopSpaceAgent", place)).toMatchObject({
      status: "STOPPED",
      computer: null,
      deployedBuild: null,
    });
    await gateway.settle();
    expect(await runtime.inspect(containerOf(deployed))).toBeNull();
    expect(await orderSpaceAgent(gateway, "stopSpaceAgent", place)).toMatchObject({ status: "STOPPED" });
    expect(await deploy(gateway, place)).toMatchObject({ status: "RUNNING" });
  });

  test("happens to one that is set inactive or deleted", async () => {
    for (const [mutation, args] of [
      ["setSpaceAgentStatus", `status: "inactive"`],
      ["deleteSpaceAgent", ""],
    ] as const) {
      const place = await newAgent();
      const deployed = await deploy(gateway, place);
      const document = `mutation ($space: ID!, $name: ID!) {
        ${mutation}(space: $space, name: $name${args && `, ${args}`}) { name } }`;
      await gateway.data(document, place);
      await gateway.settle();
      expect(await runtime.inspect(containerOf(deployed))).toBeNull();
    }
  });
});

describe("a deployed space agent that ends by itself", () => {
  test("is started again, and says why meanwhile", async () => {
    const place = await newAgent();
    const deployed = await deploy(gateway, place);
    runtime.die(containerOf(deployed));
    await gateway.clock.advance(0);
    expect(await spaceAgent(gateway, place)).toMatchObject({
      status: "ERROR",
      lastError: expect.stringMatching(/exit code 137; it is started again$/),
    });
    await gateway.clock.advance(1);
    expect(await spaceAgent(gateway, place)).toMatchObject({ status: "RUNNING", lastError: null });
  });

  test("is given up after five times, and runs again when it is deployed again", async () => {
    const place = await newAgent();
    const deployed = await deploy(gateway, place);
    for (let deaths = 0; deaths < 5; deaths += 1) {
      runtime.die(containerOf(deployed));
      await gateway.clock.advance(0); // the death is seen
      await gateway.clock.advance(10); // and its delay is over
    }
    const failed = await spaceAgent(gateway, place);
    expect(failed).toMatchObject({ status: "ERROR", lastError: expect.stringContaining("given up") });
    expect(await deploy(gateway, place)).toMatchObject({ status: "RUNNING", lastError: null });
  });
});

describe("the log of a deployed space agent", () => {
  test("is what its main process printed last; empty before it is deployed", async () => {
    const place = await newAgent();
    const query = `query ($space: ID!, $name: ID!, $limit: Int) {
      spaceAgent(space: $space, name: $name) { logs(limit: $limit) { stream text } } }`;
    expect((await gateway.data(query, place)).spaceAgent.logs).toEqual([]);
    const deployed = await deploy(gateway, place);
    for (const line of ["one", "two", "three"]) runtime.print(containerOf(deployed), line);
    const { spaceAgent: agent } = await gateway.data(query, { ...place, limit: 2 });
    expect(agent.logs).toEqual([
      { stream: "stdout", text: "two" },
      { stream: "stdout", text: "three" },
    ]);
    expect(await refusalOf(gateway, query, { ...place, limit: 1001 })).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("is followed over restarts and deployments, each line once, until the agent is deleted", async () => {
    const place = await newAgent();
    const first = await deploy(gateway, place);
    runtime.print(containerOf(first), "before");
    const query = `subscription ($space: ID!, $name: ID!) { spaceAgentLogs(space: $space, name: $name, tail: 1) { text } }`;
    const watching = overSocket(gateway, { query, variables: place });
    expect(await watching.next()).toEqual({ spaceAgentLogs: { text: "before" } });
    runtime.print(containerOf(first), "live");
    expect(await watching.next()).toEqual({ spaceAgentLogs: { text: "live" } });
    await orderSpaceAgent(gateway, "stopSpaceAgent", place);
    await gateway.settle();
    const second = await deploy(gateway, place);
    runtime.print(containerOf(second), "anew");
    expect(await watching.next()).toEqual({ spaceAgentLogs: { text: "anew" } });
    await gateway.data(
      `mutation ($space: ID!, $name: ID!) { deleteSpaceAgent(space: $space, name: $name) { name } }`,
      place,
    );
    expect(await watching.rest()).toEqual([]);
  });
});
