import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { agentNamed, answerOf, createAgent, order, untilState } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

/** More than computers may be under way at once. */
const many = 20;
const gateway = await startTestGateway({ env: { RAWORC_MAX_STARTS: "2", RAWORC_WARM_POOL: "1" } });
afterAll(() => gateway.stop());

const create = (name: string, input = "") =>
  gateway.data(`mutation { createAgent(input: { name: "${name}", engine: SHELL ${input} }) { name } }`);
const remix = (name: string, of: string) =>
  gateway.data(`mutation { remixAgent(name: "${of}", input: { name: "${name}" }) { name } }`);
const statusOf = async (name: string) => {
  const { id, generation } = (await agentNamed(gateway, name)).computer;
  return (await gateway.runtime.inspect(`raworc-${id}-g${generation}`))?.status;
};

/** What others ask for meanwhile is done at once. */
async function expectNobodyWaits(name: string) {
  await order(gateway, "sleepAgent", name);
  await expect.poll(() => statusOf(name)).toBe("paused");
  await order(gateway, "wakeAgent", name);
  await untilState(gateway, name, "IDLE");
  await create(`${name}-other`, `image: "present:1"`);
  await untilState(gateway, `${name}-other`, "IDLE");
  await gateway.data(`mutation { deleteAgent(name: "${name}-other") { name } }`);
  await expect.poll(() => gateway.gateway.store.agent.count({ where: { name: `${name}-other` } })).toBe(0);
}

const readyInPool = () => gateway.gateway.store.computer.count({ where: { warmSlot: 0, phase: "RUNNING" } });

describe("many long copies of files", () => {
  test("hold up neither the sleep, wake, start or end of others nor the pool", async () => {
    await createAgent(gateway, "large");
    await answerOf(gateway, "large", "echo kept > file");
    await createAgent(gateway, "beside");
    const hold = gateway.runtime.hold("copyVolume");
    onTestFinished(hold);
    const names = Array.from({ length: many }, (_, index) => `copy-${index}`);
    for (const name of names) await remix(name, "large");
    await hold.reached;
    await expectNobodyWaits("beside");
    await create("from-the-pool");
    await expect.poll(readyInPool).toBe(1);
    expect(gateway.runtime.calls("copyVolume")).toBeLessThan(many);

    hold();
    await gateway.settle();
    expect(gateway.runtime.calls("copyVolume")).toBe(many);
    for (const name of names) {
      expect(await answerOf(gateway, name, "cat file")).toMatchObject({ output: { text: "kept\n" } });
    }
  });
});

describe("an image that takes long to come", () => {
  test("holds up only those who want it", async () => {
    await createAgent(gateway, "ready");
    const ensureImage = gateway.runtime.ensureImage.bind(gateway.runtime);
    const before = gateway.runtime.calls("ensureImage");
    const hold = gateway.runtime.hold("ensureImage");
    onTestFinished(hold);
    for (let index = 0; index < many; index += 1) await create(`pulling-${index}`, `image: "far-away:1"`);
    await expect.poll(() => gateway.runtime.calls("ensureImage") - before).toBe(many);
    Object.assign(gateway.runtime, { ensureImage: async () => undefined }); // any other is here
    onTestFinished(() => void Object.assign(gateway.runtime, { ensureImage }));
    await expectNobodyWaits("ready");
    hold();
    await gateway.settle();
    expect(await agentNamed(gateway, "pulling-0")).toMatchObject({ state: "IDLE" });
  });
});
