import { afterAll, describe, expect, test } from "vitest";
import { createAgent, createSpace, endOf, ask } from "../support/agents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

let gateway = await startTestGateway();
afterAll(() => gateway.stop());

const statusOf = async (name: string, of: TestGateway<Runtime> = gateway) =>
  (await of.data(`query ($name: ID!) { agent(name: $name) { engineStatus { engine problem } } }`, { name })).agent
    .engineStatus;

const key = { ANTHROPIC_API_KEY: "sk-of-a-test" };
const noKey = expect.stringContaining("No model key was found");

describe("the engine status of an agent says what would answer now", () => {
  test("what was chosen for it, where that needs nothing", async () => {
    await createAgent(gateway, "scripted", { engine: "SHELL" });
    await createAgent(gateway, "outside", { engine: "EXTERNAL" });
    expect(await statusOf("scripted")).toEqual({ engine: "SHELL", problem: null });
    expect(await statusOf("outside")).toEqual({ engine: "EXTERNAL", problem: null });
  });

  test("a model, as soon as there is a key among its secrets or its space's; until then what to set", async () => {
    await createSpace(gateway, "keyed", key);
    await createAgent(gateway, "poor", { engine: null });
    await createAgent(gateway, "poor-model", { engine: "MODEL" });
    await createAgent(gateway, "of-keyed", { engine: null, space: "keyed" });
    await createAgent(gateway, "rich", { engine: "MODEL", secrets: key });
    expect(await statusOf("poor")).toEqual({ engine: "EXTERNAL", problem: noKey });
    expect(await statusOf("poor-model")).toEqual({ engine: "MODEL", problem: noKey });
    expect(await statusOf("of-keyed")).toEqual({ engine: "MODEL", problem: null });
    expect(await statusOf("rich")).toEqual({ engine: "MODEL", problem: null });

    const { id } = await ask(gateway, "poor-model", "hello");
    expect((await endOf(gateway, id)).failure).toMatchObject({
      reason: "MODEL_UNAVAILABLE",
      message: (await statusOf("poor-model")).problem,
    });
    const set = `mutation { setSecret(input: { space: "default", key: "ANTHROPIC_API_KEY", value: "sk" }) { key } }`;
    await gateway.data(set);
    expect(await statusOf("poor")).toEqual({ engine: "MODEL", problem: null });
    await gateway.data(`mutation { deleteSecret(space: "default", key: "ANTHROPIC_API_KEY") { key } }`);
  });

  test("what is in its way: an address that cannot be asked, a set-up that failed, a secret that does not open", async () => {
    const secrets = { OPENAI_API_KEY: "sk", OPENAI_BASE_URL: "not an address" };
    await createAgent(gateway, "lost", { engine: "MODEL", secrets });
    await createAgent(gateway, "broken", { engine: "SHELL", setup: "exit 1" });
    await createAgent(gateway, "sealed", { engine: null, secrets: key });
    expect(await statusOf("lost")).toEqual({ engine: "MODEL", problem: expect.stringContaining("OPENAI_BASE_URL") });
    expect(await statusOf("broken")).toEqual({ engine: "SHELL", problem: expect.stringContaining("set-up script") });
    await gateway.gateway.store.secret.updateMany({
      where: { keyName: "ANTHROPIC_API_KEY" },
      data: { sealed: new Uint8Array(1) },
    });
    expect(await statusOf("sealed")).toEqual({ engine: null, problem: expect.stringContaining("cannot be read") });
  });

  test("the gateway's own choice and key, where it has none", async () => {
    await createAgent(gateway, "undecided", { engine: null });
    gateway = await gateway.restart({ env: { RAWORC_ENGINE: "shell" } });
    expect(await statusOf("undecided")).toEqual({ engine: "SHELL", problem: null });
    gateway = await gateway.restart({ env: { RAWORC_ENGINE: "auto", ...key } });
    expect(await statusOf("undecided")).toEqual({ engine: "MODEL", problem: null });
  });
});
