import { expect, test } from "vitest";
import { commit } from "../../src/events/commit.ts";
import { ask, createAgent } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

test("old events are forgotten, however many there are; those of responses stay as long as the response", async () => {
  const gateway = await startTestGateway({ env: { RAWORC_EVENT_RETENTION_DAYS: "1" } });
  try {
    await createAgent(gateway, "keeper");
    const { id } = await ask(gateway, "keeper", "echo kept", { wait: true });
    const { store } = gateway.gateway;
    const ofResponse = { stream: `response:${id}` };
    const items = await store.event.count({ where: ofResponse });
    await commit(gateway.gateway, async ({ emit }) => {
      for (let count = 0; count < 1100; count++) await emit({ stream: "space:old", type: "old", payload: {} });
    });
    await gateway.clock.advance(2 * 86_400);
    await expect.poll(() => store.event.count({ where: { stream: "space:old" } }), { timeout: 5000 }).toBe(0);
    expect(await store.event.count({ where: ofResponse })).toBe(items);

    await store.agent.delete({ where: { name: "keeper" } });
    await gateway.clock.advance(3600);
    expect(await store.event.count({ where: ofResponse })).toBe(0);
  } finally {
    await gateway.stop();
  }
});
