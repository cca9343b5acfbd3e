import { afterAll, describe, expect, test } from "vitest";
import { responseStream } from "../../src/domain/responses/response.ts";
import { ask, createAgent, endOf, storyOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const whole = ["PENDING", "PROCESSING", "tool_call", "tool_result", "final", "COMPLETED"];

describe("what is recorded of a script's response", () => {
  test("is its command with its beginning, and its result with its end: a crash finds nothing between", async () => {
    const { store, tail } = gateway.gateway;
    await createAgent(gateway, "scripted");
    const found: Promise<number>[] = [];
    const lengthOf = async (stream: string) =>
      (await store.sql.all(`SELECT "id" FROM "Event" WHERE "stream" = ?`, [stream])).length;
    const stop = tail.subscribe("*", {
      event: ({ stream }) => {
        if (stream.startsWith(responseStream(""))) found.push(lengthOf(stream));
      },
    });
    const { id } = await ask(gateway, "scripted", "true");
    await endOf(gateway, id);
    stop();
    expect(await storyOf(gateway, id)).toEqual(whole);
    const steps = [1, whole.indexOf("tool_call") + 1, whole.length];
    for (const length of await Promise.all(found)) expect(steps).toContain(length);
  });
});
