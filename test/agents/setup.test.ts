import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { agentNamed, answerOf, ask, createAgent, endOf, order, responsesOf, untilState } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

let gateway = await startTestGateway();
afterAll(() => gateway.stop());

const create = (input: object) =>
  gateway.data(`mutation ($input: CreateAgentInput!) { createAgent(input: $input) { name } }`, {
    input: { engine: "SHELL", ...input },
  });
const outputOf = async (name: string, command: string) => (await answerOf(gateway, name, command)).output.text;
/** A script that says that it began and then waits to be stopped, the first time; the second time it is done. */
const stuckOnce = "echo run >> runs.txt; [ $(wc -l < runs.txt) -gt 1 ] || sleep 1000";
const untilStuck = async () => {
  const calls = gateway.runtime.calls("exec");
  while (gateway.runtime.calls("exec") === calls) await new Promise(setImmediate);
};
const containerOf = async (name: string) => {
  const { id, generation } = (await agentNamed(gateway, name)).computer;
  return `raworc-${id}-g${generation}`;
};

describe("instructions", () => {
  test("are written to /agent/code/instructions.md before the first response", async () => {
    await createAgent(gateway, "told", { instructions: "Be kind.\nBe brief." });
    expect(await outputOf("told", "cat /agent/code/instructions.md")).toBe("Be kind.\nBe brief.");
  });

  test("that are changed are written the next time the agent gets ready", async () => {
    await gateway.data(`mutation { updateAgent(name: "told", input: { instructions: "Be bold." }) { name } }`);
    expect(await outputOf("told", "cat code/instructions.md")).toBe("Be kind.\nBe brief.");
    await order(gateway, "sleepAgent", "told");
    expect(await outputOf("told", "cat code/instructions.md")).toBe("Be bold.");
  });

  test("that are changed while they are being written are the ones that stand there in the end", async () => {
    const hold = gateway.runtime.hold("files.write");
    onTestFinished(hold);
    await create({ name: "hasty", instructions: "old" });
    await hold.reached;
    await gateway.data(`mutation { updateAgent(name: "hasty", input: { instructions: "new" }) { name } }`);
    hold();
    expect(await outputOf("hasty", "cat code/instructions.md")).toBe("new");
  });
});

describe("a set-up script", () => {
  test("runs once, before the first response, and its output is kept", async () => {
    await create({ name: "careful", setup: "echo one >> log; echo done; echo odd >&2", prompt: "cat log" });
    const [{ id }] = await responsesOf(gateway, "careful");
    expect(await endOf(gateway, id)).toMatchObject({ output: { text: "one\n" } });
    expect(await agentNamed(gateway, "careful")).toMatchObject({ setupStatus: "DONE", lastError: null });
    const { setupOutput } = await agentNamed(gateway, "careful");
    expect(setupOutput).toContain("done");
    expect(setupOutput).toContain("odd");
    await order(gateway, "sleepAgent", "careful");
    await gateway.clock.advance(61);
    expect(await outputOf("careful", "cat log")).toBe("one\n");
  });

  test("finds the agent's secrets in its environment", async () => {
    await createAgent(gateway, "keyed", { setup: "echo $TOKEN > token", secrets: { TOKEN: "t-1" } });
    expect(await outputOf("keyed", "cat token")).toBe("t-1\n");
  });

  test("that fails makes every response fail with SETUP_FAILED and what it printed", async () => {
    await createAgent(gateway, "broken", { setup: "echo no such thing; exit 3" });
    expect(await agentNamed(gateway, "broken")).toMatchObject({
      state: "IDLE",
      setupStatus: "FAILED",
      lastError: "The set-up script ended with exit code 3",
    });
    for (const text of ["first", "second"]) {
      expect(await answerOf(gateway, "broken", text)).toMatchObject({
        status: "FAILED",
        failure: { reason: "SETUP_FAILED", evidence: { output: "no such thing\n" } },
      });
    }
  });

  test("that is replaced after it failed runs the next time the agent gets ready", async () => {
    await gateway.data(`mutation { updateAgent(name: "broken", input: { setup: "echo fixed > state" }) { name } }`);
    await order(gateway, "sleepAgent", "broken");
    expect(await outputOf("broken", "cat state")).toBe("fixed\n");
    expect(await agentNamed(gateway, "broken")).toMatchObject({ setupStatus: "DONE", lastError: null });
  });

  test("that is stopped by sleep runs again from the start at the next wake", async () => {
    const stuck = untilStuck();
    await create({ name: "rested", setup: stuckOnce });
    await stuck;
    expect(await agentNamed(gateway, "rested")).toMatchObject({ state: "INIT", setupStatus: "PENDING" });
    await order(gateway, "sleepAgent", "rested");
    await gateway.settle();
    expect(await outputOf("rested", "cat runs.txt")).toBe("run\nrun\n");
  });

  test("that loses its computer runs again in the next one", async () => {
    const stuck = untilStuck();
    await create({ name: "unlucky", setup: stuckOnce });
    await stuck;
    gateway.runtime.die(await containerOf("unlucky"));
    await gateway.settle();
    await gateway.clock.advance(1);
    await untilState(gateway, "unlucky", "IDLE");
    expect(await outputOf("unlucky", "cat runs.txt")).toBe("run\nrun\n");
    expect(await agentNamed(gateway, "unlucky")).toMatchObject({ setupStatus: "DONE" });
  });

  test("never holds up the end of the gateway, and runs again from the start after it", async () => {
    const stuck = untilStuck();
    await create({ name: "restarted", setup: stuckOnce });
    await stuck;
    const { id } = await ask(gateway, "restarted", "cat runs.txt");
    gateway = await gateway.restart();
    expect(await endOf(gateway, id)).toMatchObject({ status: "COMPLETED", output: { text: "run\nrun\n" } });
  });
});
