import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";

describe("sleeping and waking an agent", () => {
  let gateway: Awaited<ReturnType<typeof startTestGateway>>;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.stop());

  test("keeps its files", async () => {
    await gateway.data(`mutation { createAgent(input: { name: "sleeper", engine: SHELL }) { name } }`);
    const ask = (text: string) =>
      gateway.data(
        `mutation ($text: String!, $input: JSON!) { createResponse(agent: "sleeper", input: $input, wait: true) { output { text } } }`.replace(
          "$text: String!, ",
          "",
        ),
        { input: { text } },
      );
    await ask("echo kept > note.txt");
    await gateway.data(`mutation { sleepAgent(name: "sleeper") { state } }`);
    await gateway.clock.advance(61);
    const { agent } = await gateway.data(`{ agent(name: "sleeper") { state computer { phase } } }`);
    expect(agent).toEqual({ state: "SLEPT", computer: { phase: "STOPPED" } });
    const answer = await ask("cat note.txt");
    expect(answer.createResponse.output.text).toBe("kept\n");
  });
});
