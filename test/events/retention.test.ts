import { expect, test } from "vitest";
import { commit } from "../../src/events/commit.ts";
import { ask, createAgent } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { createSession, talk } from "../support/sessions.ts";

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

test("streams that never come again go with their events; those of what is there, or whose name is free, stay", async () => {
  const gateway = await startTestGateway({ env: { RAWORC_EVENT_RETENTION_DAYS: "1" } });
  try {
    const { store } = gateway.gateway;
    const made = async (name: string) => {
      const agent = await createAgent(gateway, name);
      const response = await ask(gateway, name, "echo hi", { wait: true });
      const session = await createSession(gateway);
      await talk(gateway, session.id, "echo hi");
      const ids = [`computer:${agent.computer.id}`, `computer:${session.computer.id}`, `session:${session.id}`];
      return { session: session.id, streams: [...ids, `message:${session.id}`, `response:${response.id}`] };
    };
    const [stays, goes] = [await made("stays"), await made("goes")];
    await gateway.data(`mutation { deleteSession(id: "${goes.session}") { id } }`);
    await gateway.data(`mutation { deleteAgent(name: "goes") { name } }`);
    await gateway.settle();
    const heads = async () => (await store.stream.findMany({ orderBy: { name: "asc" } })).map(({ name }) => name);
    expect(await heads()).toEqual(expect.arrayContaining([...stays.streams, ...goes.streams, "agent:goes"]));
    await gateway.clock.advance(2 * 86_400);
    const left = async () => (await heads()).filter((name) => goes.streams.includes(name));
    await expect.poll(left, { timeout: 5000 }).toEqual([]);
    expect(await heads()).toEqual(expect.arrayContaining([...stays.streams, "agent:goes", "agent:stays"]));
    expect(await store.event.count({ where: { stream: { in: ["agent:goes", ...goes.streams] } } })).toBe(0);
  } finally {
    await gateway.stop();
  }
});
