import { afterAll, expect, test } from "vitest";
import { agentNamed, answerOf, createAgent } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { openEngineDirectly, openTestRuntime, testImage } from "./world.ts";

const env = { RAWORC_AGENT_IMAGE: testImage, RAWORC_WARM_POOL: "1" };
let gateway = await startTestGateway({ runtime: openTestRuntime(), env });
afterAll(() => gateway.stop());

const engine = openEngineDirectly();
const warm = () => gateway.gateway.store.computer.findMany({ where: { warmSlot: { not: null }, phase: "RUNNING" } });
const inspect = async (name: string) => {
  const { id, generation } = (await agentNamed(gateway, name)).computer;
  return engine.getContainer(`raworc-${id}-g${generation}`).inspect();
};

/** What two containers of the same kind may differ in. */
const shared = (host: object) => Object.entries(host).filter(([key]) => key !== "Mounts");

test("a computer of the pool is confined as any other, and its owner's from the first command on", {
  timeout: 120_000,
}, async () => {
  await gateway.settle();
  const [ready] = await warm();
  await createAgent(gateway, "claimed");
  expect(await agentNamed(gateway, "claimed")).toMatchObject({ state: "IDLE", computer: { id: ready?.id } });
  expect(await answerOf(gateway, "claimed", "echo kept > note; id -u; ls /sys/class/net")).toMatchObject({
    output: { text: "1000\nlo\n" },
  });

  gateway = await gateway.restart({ runtime: openTestRuntime(), env: { RAWORC_WARM_POOL: "0" } });
  await createAgent(gateway, "cold");
  const [claimed, cold] = [await inspect("claimed"), await inspect("cold")];
  expect(shared(claimed.HostConfig)).toEqual(shared(cold.HostConfig));
  expect(claimed.Config.Env).toEqual(cold.Config.Env);
  expect(await answerOf(gateway, "claimed", "cat note")).toMatchObject({ output: { text: "kept\n" } });
  const { containers } = await gateway.runtime.list();
  expect(containers).toHaveLength(2);

  for (const name of ["claimed", "cold"]) {
    await gateway.data(`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name });
  }
  await gateway.settle();
  expect(await gateway.runtime.list()).toMatchObject({ containers: [], volumes: [] });
});

test("a computer of the pool is replaced when its image's name passes to another image", {
  timeout: 120_000,
}, async () => {
  const [repo, tag] = ["raworc-test/moving", String(Date.now())] as const;
  const name = `${repo}:${tag}`;
  await engine.getImage(testImage).tag({ repo, tag });
  gateway = await gateway.restart({
    runtime: openTestRuntime(),
    env: { RAWORC_WARM_POOL: "1", RAWORC_AGENT_IMAGE: name },
  });
  await gateway.settle();
  const [old] = await warm();
  expect(old).toMatchObject({ image: name });
  const other = await engine.getContainer(`raworc-${old?.id}-g1`).commit({ repo, tag, changes: "LABEL moved=yes" });
  await gateway.clock.advance(31);
  const [next] = await warm();
  expect(next?.id).not.toBe(old?.id);
  expect((await engine.getContainer(`raworc-${next?.id}-g1`).inspect()).Image).toBe(other.Id);
  gateway = await gateway.restart({ runtime: openTestRuntime(), env: { RAWORC_WARM_POOL: "0" } });
  await gateway.settle();
  expect(await gateway.runtime.list()).toMatchObject({ containers: [], volumes: [] });
  await engine.getImage(name).remove({ force: true });
});
