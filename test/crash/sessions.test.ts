import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { newMark, untilNoProcess, untilProcess } from "./processes.ts";
import { endOf, eventually, expectTruthful } from "./watch.ts";
import { createWorld, plainGateway, type World } from "./world.ts";

async function createSession(gateway: GatewayProcess, input: object = {}): Promise<string> {
  const document = `mutation ($input: CreateSessionInput) { createSession(input: $input) { id } }`;
  return (await gateway.ask(document, { input: { engine: "SHELL", ...input } })).createSession.id;
}

/** Sends a message; answers the id of its response, once it is acknowledged. */
async function send(gateway: GatewayProcess, session: string, content: string): Promise<string> {
  const document = `mutation ($session: ID!, $content: String!) { sendMessage(session: $session, content: $content) { response { id } } }`;
  return (await gateway.ask(document, { session, content })).sendMessage.response.id;
}

const conversation = async (gateway: GatewayProcess, session: string): Promise<[role: string, content: string][]> =>
  (
    await gateway.ask(`query ($id: ID!) { messages(session: $id) { nodes { role content } } }`, { id: session })
  ).messages.nodes.map(({ role, content }: { role: string; content: string }) => [role, content]);

const stateOf = async (gateway: GatewayProcess, id: string) =>
  (await gateway.ask(`query ($id: ID!) { session(id: $id) { state containerId computer { phase } } }`, { id })).session;

/** Sends a message and answers what the assistant said to it. */
async function talk(gateway: GatewayProcess, session: string, content: string): Promise<string | undefined> {
  expectTruthful(await endOf(gateway, await send(gateway, session, content)));
  return (await conversation(gateway, session)).at(-1)?.[1];
}

describe("kill -9 of the gateway under sessions, with plain processes as computers", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ RAWORC_RUNTIME: "process" }, plainGateway);
  });
  afterEach(() => world.close());

  test("what ran is said to be interrupted, once, and what waited is answered", async () => {
    const mark = newMark();
    const before = await world.start();
    const id = await createSession(before);
    const running = await send(before, id, `sleep ${mark}`);
    const waiting = await send(before, id, "echo next");
    await untilProcess(mark);
    await before.kill();

    const after = await world.start();
    for (const response of [running, waiting]) expectTruthful(await endOf(after, response));
    await untilNoProcess(mark);
    expect(await conversation(after, id)).toEqual([
      ["USER", `sleep ${mark}`],
      ["USER", "echo next"],
      ["ASSISTANT", expect.stringContaining("(INTERRUPTED)")],
      ["ASSISTANT", "next\n"],
    ]);
    await eventually(async () => expect(await stateOf(after, id)).toMatchObject({ state: "IDLE" }));
  });

  test.each(["pause", "suspend", "close"])(
    "%s that was acknowledged is carried out, and undone with all files",
    async (verb) => {
      const mark = newMark();
      const before = await world.start();
      const id = await createSession(before);
      await talk(before, id, "echo kept > file");
      const running = await send(before, id, `sleep ${mark}`);
      await untilProcess(mark);
      await before.ask(`mutation { ${verb}Session(id: "${id}") { state } }`);
      await before.kill();

      const after = await world.start();
      expect((await endOf(after, running)).at(-1)).toMatchObject({
        status: "FAILED",
        response: { failure: { reason: "SESSION_PAUSED" } },
      });
      const phase = { pause: "PAUSED", suspend: "STOPPED", close: "ABSENT" }[verb];
      await eventually(async () => expect((await stateOf(after, id)).computer.phase).toBe(phase));
      const back = verb === "close" ? "restore" : "resume";
      await after.ask(`mutation { ${back}Session(id: "${id}") { state } }`);
      await untilNoProcess(mark);
      expect(await talk(after, id, "cat file")).toBe("kept\n");
    },
  );

  test("a busy timeout still falls, and the session goes on", async () => {
    const before = await world.start();
    const id = await createSession(before, { engine: "EXTERNAL", busyTimeoutSeconds: 2 });
    const response = await send(before, id, "anybody?");
    await eventually(async () => expect(await stateOf(before, id)).toMatchObject({ state: "IDLE" }));
    await before.ask(`mutation { updateResponse(id: "${response}", input: { status: PROCESSING }) { id } }`);
    await before.kill();

    const after = await world.start();
    expect((await endOf(after, response)).at(-1)).toMatchObject({ response: { failure: { reason: "TIMEOUT" } } });
    await eventually(async () => expect(await stateOf(after, id)).toMatchObject({ state: "IDLE" }));
  });
});
