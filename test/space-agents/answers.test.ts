import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, describe, expect, test } from "vitest";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import { makeRepositories } from "../builds/repository.ts";
import { accountToken, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket, type Watching } from "../support/live.ts";
import { createSpaceAgent, deploy, orderSpaceAgent, spaceAgent } from "./support.ts";

const repositories = makeRepositories();
const python = (code: string) => ({
  "main.py": `import os, time\ndef process_message(message, context):\n    ${code}\n`,
});
const node = (code: string) => ({
  "package.json": "{}",
  "index.js": `exports.processMessage = async (message, context) => { ${code} };\n`,
});
const dataDir = await mkdtemp(join(tmpdir(), "raworc-answers-"));
const openRuntime = () =>
  createProcessRuntime({ dataDir, deployment: "answers", log: pino({ level: "silent" }), useSandbox: false });
const gateway = await startTestGateway({ runtime: openRuntime(), env: repositories.env });
afterAll(async () => {
  await gateway.stop();
  repositories.remove();
  await rm(dataDir, { recursive: true, force: true });
});

const question = `mutation ($name: ID!, $message: String!, $context: JSON, $timeoutSeconds: Int) {
  askSpaceAgent(space: "default", name: $name, message: $message, context: $context, timeoutSeconds: $timeoutSeconds) }`;
const ask = async (name: string, more: object = {}) =>
  (await gateway.data(question, { name, message: "hello", ...more })).askSpaceAgent;

/** A deployed agent of that code whose main process has come up, and its log. */
async function deployed(name: string, files: Readonly<Record<string, string>>) {
  repositories.commit(`raworc/${name}`, files);
  await createSpaceAgent(gateway, { name, sourceRepo: `raworc/${name}` });
  await deploy(gateway, { name });
  const query = `subscription ($name: ID!) { spaceAgentLogs(space: "default", name: $name) { text } }`;
  const log = overSocket(gateway, { query, variables: { name } });
  expect(await nextLine(log)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[INFO\] Agent started$/);
  return log;
}
const nextLine = async (log: Watching) => (await log.next()).spaceAgentLogs.text;

describe.each([
  ["python3", "py", python("return message + ' ' + context['who'] + ' ' + os.environ.get('GREETING', 'none')")],
  ["node", "js", node("return { text: `${message} ${context.who} ${process.env.GREETING ?? 'none'}` };")],
])("a deployed agent in %s", (_runtime, name, files) => {
  test("answers with the secrets of the space, and notes each call in its log", { timeout: 60_000 }, async () => {
    const log = await deployed(name, files);
    const input = { space: "default", key: "GREETING", value: "s3cr3t" };
    await gateway.data(`mutation ($input: SecretInput!) { setSecret(input: $input) { key } }`, { input });
    expect(await ask(name, { context: { who: "you" } })).toBe("hello you s3cr3t");
    expect(await nextLine(log)).toMatch(/Z \[INFO\] Processing request$/);
    const { spaceAgent: agent } = await gateway.data(
      `query ($name: ID!) { spaceAgent(space: "default", name: $name) { logs { text } } }`,
      { name },
    );
    expect(JSON.stringify(agent.logs)).not.toContain("s3cr3t");
    log.stop();
  });
});

describe("asking a space agent", () => {
  test("gives the handler the keys that it gets of a session too", { timeout: 60_000 }, async () => {
    const log = await deployed("curious", python("return ' '.join(sorted(context))"));
    expect(await ask("curious", { context: { more: 1 } })).toBe(
      "agent message_id messages metadata more session_id space",
    );
    log.stop();
  });

  test("says what went wrong in its handler", { timeout: 60_000 }, async () => {
    const log = await deployed("raising", python("raise ValueError(message)"));
    const { errors } = await gateway.graphql(question, { name: "raising", message: "hello" });
    expect(errors?.[0]).toMatchObject({
      message: "The handler main.process_message raised ValueError",
      extensions: { code: "UNAVAILABLE" },
    });
    expect(await nextLine(log)).toMatch(/Processing request$/);
    expect(await nextLine(log)).toMatch(/\[ERROR\] Request failed$/);
    log.stop();
  });

  test("ends when its time is over", { timeout: 60_000 }, async () => {
    const log = await deployed("slow", python("time.sleep(60)"));
    const refused = await refusalOf(gateway, question, { name: "slow", message: "m", timeoutSeconds: 1 });
    expect(refused).toMatchObject({ code: "TIMEOUT" });
    log.stop();
  });

  test("is refused while it does not run, for a bad question, and for those who may only read", async () => {
    repositories.commit("raworc/resting", python("return message"));
    await createSpaceAgent(gateway, { name: "resting", sourceRepo: "raworc/resting" });
    const refusal = (more: object, token?: string) =>
      refusalOf(gateway, question, { name: "resting", message: "m", ...more }, token);
    expect(await refusal({})).toMatchObject({ code: "CONFLICT", state: "ACTIVE" });
    expect(await refusal({ context: [] })).toMatchObject({ code: "BAD_USER_INPUT", field: "context" });
    expect(await refusal({ timeoutSeconds: 0 })).toMatchObject({ code: "BAD_USER_INPUT", field: "timeoutSeconds" });
    expect(await refusal({}, await accountToken(gateway, "stranger"))).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a main process", () => {
  test("that cannot load the handler says so in the log and is given up", { timeout: 60_000 }, async () => {
    const name = "unloadable";
    repositories.commit(`raworc/${name}`, { "main.py": "import not_there\n" });
    await createSpaceAgent(gateway, { name, sourceRepo: `raworc/${name}` });
    const query = `subscription { spaceAgentLogs(space: "default", name: "${name}") { text } }`;
    const log = overSocket(gateway, { query });
    await orderSpaceAgent(gateway, "deploySpaceAgent", { name });
    expect(await nextLine(log)).toMatch(/\[ERROR\] Agent did not start$/);
    const lines = [];
    for (let line = ""; !line.includes("not_there'"); ) lines.push((line = await nextLine(log)));
    expect(lines.at(-1)).toBe("ModuleNotFoundError: No module named 'not_there'");
    log.stop();
  });

  test("is there again after the gateway was started anew, as the same deployment", { timeout: 60_000 }, async () => {
    const log = await deployed("lasting", python("return 'still here'"));
    log.stop();
    const before = await spaceAgent(gateway, { name: "lasting" });
    const again = await gateway.restart({ runtime: openRuntime() });
    try {
      await again.settle();
      const after = await spaceAgent(again, { name: "lasting" });
      expect(after).toEqual(before);
      const answered = await again.data(question, { name: "lasting", message: "hello" });
      expect(answered.askSpaceAgent).toBe("still here");
    } finally {
      await again.stop();
    }
  });
});
