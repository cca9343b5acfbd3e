import { afterAll, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { conversationOf, createSession, orderSession, sessionNow, talk } from "../support/sessions.ts";
import { openEngineDirectly, openTestRuntime, testImage } from "./world.ts";

const gateway = await startTestGateway({ runtime: openTestRuntime(), env: { RAWORC_AGENT_IMAGE: testImage } });
afterAll(() => gateway.stop());

const engine = openEngineDirectly();
const inventory = () => gateway.runtime.list();

/** What the engine itself says of the session's container; `null` when there is none. */
async function stateOf(id: string) {
  const { containerId } = await sessionNow(gateway, id);
  return containerId === null ? null : (await engine.getContainer(containerId).inspect()).State;
}

async function ordered(id: string, verb: string) {
  await orderSession(gateway, `${verb}Session`, id);
  await gateway.settle();
}

test("a session's container and volume are what its state says, and its files outlive the container", {
  timeout: 120_000,
}, async () => {
  const { id } = await createSession(gateway, { secrets: { TOKEN: "t0k3n" } });
  expect(await talk(gateway, id, "echo kept > note; echo $TOKEN")).toBe("t0k3n\n");
  const first = await sessionNow(gateway, id);
  expect(JSON.stringify(await engine.getContainer(first.containerId).inspect())).not.toContain("t0k3n");

  await ordered(id, "pause");
  expect(await stateOf(id)).toMatchObject({ Running: true, Paused: true });
  await ordered(id, "resume");
  expect(await stateOf(id)).toMatchObject({ Running: true, Paused: false });
  await ordered(id, "suspend");
  expect(await stateOf(id)).toMatchObject({ Running: false });
  expect(await talk(gateway, id, "cat note")).toBe("kept\n");

  await ordered(id, "close");
  const closed = await inventory();
  expect(closed.containers).toEqual([]);
  expect(closed.volumes.map(({ name }) => name)).toEqual([first.volumeId]);
  await ordered(id, "restore");
  expect(await talk(gateway, id, "cat note")).toBe("kept\n");
  expect((await conversationOf(gateway, id)).length).toBe(6);

  const { id: child } = await orderSession(gateway, "remixSession", id);
  await gateway.settle();
  expect(await talk(gateway, child, "cat note; echo changed > note; echo $TOKEN")).toBe("kept\nt0k3n\n");
  expect(await talk(gateway, id, "cat note")).toBe("kept\n");

  for (const each of [id, child]) await gateway.data(`mutation { deleteSession(id: "${each}") { id } }`);
  await gateway.settle();
  expect(await inventory()).toMatchObject({ containers: [], volumes: [] });
});
