import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import { makeRepositories } from "../builds/repository.ts";
import { createSpaceAgent, makeSpace, orderSpaceAgent } from "../space-agents/support.ts";
import { endOf, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { createSession, orderSession, send, sessionNow, talk, untilSession } from "../support/sessions.ts";

const repositories = makeRepositories();
const python = (answer: string) => ({
  "main.py": `import json\ndef process_message(message, context):\n    return ${answer}\n`,
});
const dataDir = await mkdtemp(join(tmpdir(), "raworc-routing-"));
const runtime = createProcessRuntime({
  dataDir,
  deployment: "routing",
  log: pino({ level: "silent" }),
  useSandbox: false,
});
const gateway = await startTestGateway({ runtime, env: repositories.env });
afterAll(async () => {
  await gateway.stop();
  repositories.remove();
  await rm(dataDir, { recursive: true, force: true });
});

const addAgent = async (space: string, name: string, files: Readonly<Record<string, string>>) => {
  repositories.commit(`raworc/${name}`, files);
  await createSpaceAgent(gateway, { space, name, sourceRepo: `raworc/${name}` });
};
beforeAll(async () => {
  for (const space of ["one", "two"]) await makeSpace(gateway, space);
  await addAgent(
    "one",
    "teller",
    python(
      "json.dumps([message, sorted(context), context['metadata'], context['agent'], [(m['role'], m['content']) for m in context['messages']]])",
    ),
  );
  await addAgent("two", "upper", python("message.upper()"));
  await addAgent("two", "lower", python("message.lower()"));
}, 60_000);

/** A session of the space that is ready. */
async function ready(input: object): Promise<string> {
  const { id } = await createSession(gateway, { engine: null, ...input });
  await untilSession(gateway, id, "IDLE");
  return id;
}

describe("a session of a space with one agent", () => {
  test("is answered by it, which is told who asks, in what and after what", { timeout: 60_000 }, async () => {
    const id = await ready({ space: "one", metadata: { topic: "x" } });
    const { buildId, image } = await sessionNow(gateway, id);
    expect(image).toBe(`raworc_space_one:${buildId}`);
    await send(gateway, id, "mind", { role: "ASSISTANT" });
    const { response } = await send(gateway, id, "hello");
    const ended = await endOf(gateway, response.id);
    expect(ended).toMatchObject({ status: "COMPLETED", engine: "HANDLER" });
    expect(JSON.parse(ended.output.text)).toEqual([
      "hello",
      ["agent", "message_id", "messages", "metadata", "session_id", "space"],
      { topic: "x" },
      "teller",
      [["assistant", "mind"]],
    ]);
  });

  test("that has chosen an engine is answered by that, unless it names the agent", { timeout: 60_000 }, async () => {
    const id = await ready({ space: "one", engine: "SHELL" });
    expect(await talk(gateway, id, "echo shell")).toBe("shell\n");
    expect(await talk(gateway, id, "@teller hi")).toContain(`["hi", `);
  });

  test("made before there was an agent has none, and gets it when it is restored", { timeout: 60_000 }, async () => {
    await makeSpace(gateway, "late");
    const id = await ready({ space: "late", engine: "SHELL" });
    await addAgent("late", "latecomer", python("'late ' + message"));
    expect(await talk(gateway, id, "echo @latecomer")).toBe("@latecomer\n");
    const fresh = await ready({ space: "late" });
    expect(await talk(gateway, fresh, "hi")).toBe("late hi");

    repositories.commit("raworc/latecomer", python("'later ' + message"));
    await gateway.data(`mutation { buildSpace(space: "late") { id } }`);
    await gateway.settle();
    await orderSession(gateway, "suspendSession", fresh);
    expect(await talk(gateway, fresh, "resumed")).toBe("late resumed");
    await orderSession(gateway, "closeSession", fresh);
    await gateway.settle();
    await orderSession(gateway, "restoreSession", fresh);
    expect(await talk(gateway, fresh, "restored")).toBe("later restored");
  });
});

describe("a session of a space with several agents", () => {
  test("is answered by the one that a message names, or else its metadata, and is told no name", {
    timeout: 60_000,
  }, async () => {
    const id = await ready({ space: "two", metadata: { agent: "lower" } });
    expect(await talk(gateway, id, "@upper Hello")).toBe("HELLO");
    expect(await talk(gateway, id, "Hello")).toBe("hello");
    const other = await ready({ space: "two", engine: "SHELL" });
    const { response } = await send(gateway, other, "echo nobody");
    expect(response.spaceAgent).toBeNull();
    expect(await endOf(gateway, response.id)).toMatchObject({ engine: "SHELL", output: { text: "nobody\n" } });
  });

  test("refuses an unknown name, naming those there are, and one that is switched off", {
    timeout: 60_000,
  }, async () => {
    const id = await ready({ space: "two" });
    const query = `mutation { sendMessage(session: "${id}", content: "@Nobody hi") { id } }`;
    const { errors } = await gateway.graphql(query);
    expect(errors?.[0]).toMatchObject({
      message: `No agent "Nobody" answers in this session; there is lower, upper`,
      extensions: { code: "BAD_USER_INPUT", field: "content" },
    });
    await orderSpaceAgent(gateway, "setSpaceAgentStatus", { space: "two", name: "upper" }, 'status: "inactive"');
    const off = `mutation { sendMessage(session: "${id}", content: "@upper hi") { id } }`;
    expect(await refusalOf(gateway, off)).toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await talk(gateway, id, "ONLY ONE LEFT")).toBe("only one left");
  });
});
