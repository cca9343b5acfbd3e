import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PrivateEngine, startPrivateEngine } from "../docker/private-engine.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { docker } from "../support/needs.ts";
import { newMark, untilProcess } from "./processes.ts";
import { endOf, expectTruthful } from "./watch.ts";
import { ask, askAndWait, createAgent, createWorld, type World } from "./world.ts";

describe.skipIf(docker.found === null)("Docker itself, killed and started again", () => {
  let engine: PrivateEngine;
  let world: World;
  beforeAll(async () => {
    engine = await startPrivateEngine();
    await engine.kill();
    const DOCKER_HOST = engine.dockerHost;
    world = await createWorld({ RAWORC_RUNTIME: "docker", DOCKER_HOST, RAWORC_AGENT_IMAGE: "raworc-test/agent:1" });
  });
  afterAll(async () => {
    await world.close();
    await engine.stop();
  });

  test("orders given before Docker is there wait for it, and health says so meanwhile", async () => {
    const gateway = await world.start();
    expect(await healthOf(gateway)).toEqual({ status: 503, ok: false });
    await createAgent(gateway, "worker");
    const id = await ask(gateway, "worker", "echo at last > note; cat note");
    await engine.start();
    // The image is made first, which takes longer than convergence may.
    expectTruthful(await endOf(gateway, id, 50_000));
    expect(await healthOf(gateway)).toEqual({ status: 200, ok: true });
    await gateway.kill();
  });

  test("what ran when Docker was killed ends truthfully; what was ordered meanwhile is done when it is back", async () => {
    const gateway = await world.start();
    for (const name of ["asleep", "doomed"]) await createAgent(gateway, name);
    for (const name of ["asleep", "doomed"]) await askAndWait(gateway, name, "true");
    const mark = newMark();
    const running = await ask(gateway, "worker", `echo begun; sleep ${mark}`);
    await untilProcess(mark);
    await engine.kill();

    await createAgent(gateway, "newcomer");
    const queued = await ask(gateway, "worker", "cat note");
    await gateway.ask(`mutation { sleepAgent(name: "asleep") { state } deleteAgent(name: "doomed") { name } }`);
    const asked = await ask(gateway, "newcomer", "echo here");
    await engine.start();

    const steps = await endOf(gateway, running);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "COMPUTER_LOST" } } });
    expect(steps.flatMap(({ item }) => item?.raw.output ?? [])).toEqual([expect.stringMatching(/^\[exit_code:none\]/)]);
    for (const id of [queued, asked]) expect((await endOf(gateway, id)).at(-1)).toMatchObject({ status: "COMPLETED" });
    expect(await askAndWait(gateway, "asleep", "echo awake")).toBe("awake\n");
    await gateway.kill();
  });

  test("a gateway that is killed while Docker is away finds its way when both are back", async () => {
    const before = await world.start();
    const mark = newMark();
    const running = await ask(before, "worker", `sleep ${mark}`);
    await untilProcess(mark);
    await engine.kill();
    await before.kill();

    const after = await world.start();
    const queued = await ask(after, "worker", "cat note");
    await engine.start();
    const steps = await endOf(after, running);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "INTERRUPTED" } } });
    expect((await endOf(after, queued)).at(-1)).toMatchObject({ status: "COMPLETED" });
  });
});

async function healthOf({ url }: GatewayProcess) {
  const answer = await fetch(`${url}/api/v0/health`);
  const { data } = (await (await fetch(`${url}/graphql`, graphqlHealth)).json()) as {
    data: { health: { ok: boolean } };
  };
  return { status: answer.status, ok: data.health.ok };
}

const graphqlHealth = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query: "{ health { ok } }" }),
};
