import { afterAll, expect, test } from "vitest";
import { makeRepositories } from "../builds/repository.ts";
import { containerOf, createSpaceAgent, deploy, spaceAgent } from "../space-agents/support.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket } from "../support/live.ts";
import { openEngineDirectly, openTestRuntime, testImage } from "./world.ts";

const repositories = makeRepositories();
repositories.commit("raworc/node", {
  "package.json": "{}",
  "index.js":
    "exports.processMessage = (message) => { console.log('printed'); return `${message} ${process.env.TOKEN}`; };\n",
});
const gateway = await startTestGateway({
  runtime: openTestRuntime(),
  env: { ...repositories.env, RAWORC_AGENT_IMAGE: testImage },
});
afterAll(async () => {
  await gateway.data(`mutation { deleteSpaceAgent(space: "default", name: "helper") { name } }`);
  await gateway.settle();
  await gateway.stop();
  repositories.remove();
});

const question = `mutation { askSpaceAgent(space: "default", name: "helper", message: "hello") }`;

test("a deployed space agent runs as its container's main process, answers beside it and is started again", {
  timeout: 120_000,
}, async () => {
  const input = { space: "default", key: "TOKEN", value: "t0k3n" };
  await gateway.data(`mutation ($input: SecretInput!) { setSecret(input: $input) { key } }`, { input });
  await createSpaceAgent(gateway, { name: "helper", sourceRepo: "raworc/node" });
  const deployed = await deploy(gateway, { name: "helper" });
  expect(deployed).toMatchObject({ status: "RUNNING", lastError: null });

  const query = `subscription { spaceAgentLogs(space: "default", name: "helper") { text } }`;
  const log = overSocket(gateway, { query });
  expect((await log.next()).spaceAgentLogs.text).toMatch(/Z \[INFO\] Agent started$/);
  expect(await gateway.data(question)).toEqual({ askSpaceAgent: "hello t0k3n" });
  expect((await log.next()).spaceAgentLogs.text).toMatch(/Z \[INFO\] Processing request$/);
  log.stop();
  const inspect = () => openEngineDirectly().getContainer(containerOf(deployed)).inspect();
  expect(JSON.stringify(await inspect())).not.toContain("t0k3n");

  const { State: before } = await inspect();
  await gateway.runtime.killCommands(containerOf(deployed));
  expect((await inspect()).State).toMatchObject({ Running: true, Pid: before.Pid });

  await openEngineDirectly().getContainer(containerOf(deployed)).kill();
  const changes = overSocket(gateway, {
    query: `subscription { spaceAgentChanged(space: "default", name: "helper") { status } }`,
  });
  for (let status = ""; status !== "ERROR"; ) status = (await changes.next()).spaceAgentChanged.status;
  await gateway.clock.advance(1);
  for (let status = ""; status !== "RUNNING"; ) status = (await changes.next()).spaceAgentChanged.status;
  changes.stop();
  expect(await spaceAgent(gateway, { name: "helper" })).toMatchObject({ computer: { id: deployed.computer.id } });
});
