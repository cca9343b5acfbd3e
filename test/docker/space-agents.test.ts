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
  for (const { name } of await gateway.runtime.images.list()) await gateway.runtime.images.remove(name);
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

test("one in Python answers in a session and as deployed, with the secrets of the space and what it prints apart", {
  timeout: 120_000,
}, async () => {
  repositories.commit("raworc/snake", {
    "raworc.json": JSON.stringify({ runtime: "python3", handler: "main.process_message" }),
    "main.py": `import os

async def process_message(message, context):
    print("printed")
    return f"{message} {os.environ['SNAKE']} {os.getcwd()} {sorted(context)[:2]}"
`,
  });
  const place = { space: "nest", name: "snake" };
  await gateway.data(`mutation { createSpace(input: { name: "nest" }) { name } }`);
  await gateway.data(`mutation { setSecret(input: { space: "nest", key: "SNAKE", value: "h1ss" }) { key } }`);
  await createSpaceAgent(gateway, { ...place, sourceRepo: "raworc/snake" });
  await gateway.settle();
  const { createSession: session } = await gateway.data(`mutation { createSession(input: { space: "nest" }) { id } }`);
  const send = `mutation ($id: ID!) { sendMessage(session: $id, content: "@snake hello") { id } }`;
  const { sendMessage: sent } = await gateway.data(send, { id: session.id });
  const heard = overSocket(gateway, {
    query: `subscription ($id: ID!, $after: ID) { messageAdded(session: $id, after: $after) { role content } }`,
    variables: { id: session.id, after: sent.id },
  });
  const content = "hello h1ss /agent ['agent', 'message_id']";
  expect((await heard.next()).messageAdded).toEqual({ role: "ASSISTANT", content });
  heard.stop();

  expect(await deploy(gateway, place)).toMatchObject({ status: "RUNNING", lastError: null });
  const ask = `mutation { askSpaceAgent(space: "nest", name: "snake", message: "hello") }`;
  expect(await gateway.data(ask)).toEqual({ askSpaceAgent: content });
  await gateway.data(`mutation { deleteSpace(name: "nest") { name } }`);
  await gateway.settle();
});
