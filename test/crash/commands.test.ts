import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { say, startModelServer, use } from "../support/model-server.ts";
import { newMark, untilNoProcess, untilProcess } from "./processes.ts";
import { endOf, expectTruthful, typesOf, eventually, untilAgent, untilItem } from "./watch.ts";
import { ask, askAndWait, createAgent, createWorld, modelEnvironment, plainGateway, type World } from "./world.ts";

describe("kill -9 of the gateway, with plain processes as computers", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ RAWORC_RUNTIME: "process" }, plainGateway);
  });
  afterEach(() => world.close());

  test("a command that ran ends as INTERRUPTED, once, and leaves no process behind", async () => {
    const mark = newMark();
    const before = await world.start();
    await createAgent(before, "worker");
    const id = await ask(before, "worker", `echo started; setsid sleep ${mark} & sleep ${mark}`);
    await untilItem(before, id, "tool_call");
    await untilProcess(mark);
    await before.kill();

    const after = await world.start();
    const steps = await endOf(after, id);
    expectTruthful(steps);
    expect(typesOf(steps).slice(0, 2)).toEqual(["tool_call", "tool_result"]);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "INTERRUPTED" } } });
    await untilAgent(after, "worker", "IDLE");
    await untilNoProcess(mark);
    expect(await askAndWait(after, "worker", "echo well")).toBe("well\n");
  });

  // The moment between the commit of a cancellation or a sleep and the end of its command is too short to hit.
  test.each([
    ["cancelled", "CANCELLED", "IDLE", "RUNNING"],
    ["ended by sleep", "FAILED", "SLEPT", "PAUSED"],
  ])("the command of a response that was just %s is not left behind", async (_how, status, state, desired) => {
    const mark = newMark();
    const before = await world.start();
    await createAgent(before, "worker");
    await ask(before, "worker", `sleep ${mark}`);
    await untilProcess(mark);
    await before.kill();
    const database = new Database(join(world.dataDir, "gateway.db"));
    database.exec(`UPDATE Response SET status = '${status}', leaseOwner = NULL, leaseUntil = NULL;
      UPDATE Agent SET state = '${state}', busyFrom = NULL; UPDATE Computer SET desired = '${desired}'`);
    database.close();

    const after = await world.start();
    await after.ask(`mutation { wakeAgent(name: "worker") { state } }`);
    await untilNoProcess(mark);
    expect(await askAndWait(after, "worker", "echo well")).toBe("well\n");
  });

  test("a model's answer goes on from what it has recorded, and nothing is done twice", async () => {
    const mark = newMark();
    const command = `echo one >> log; sleep ${mark}`;
    await using model = await startModelServer(use("bash", { command: "echo one >> log" }), use("bash", { command }));
    const before = await world.start(modelEnvironment(model));
    await createAgent(before, "thinker", {});
    const id = await ask(before, "thinker", "write the log");
    await untilProcess(mark);
    await before.kill();

    model.script(use("bash", { command: "cat log" }), say("written twice"));
    const after = await world.start(modelEnvironment(model));
    const steps = await endOf(after, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "COMPLETED" });
    const outputs = steps.flatMap(({ item }) => item?.raw.output ?? []);
    expect(outputs).toEqual(["[exit_code:0]\n", expect.stringContaining("interrupted"), "[exit_code:0]\none\none\n"]);
    expect(typesOf(steps).filter((type) => type === "final")).toHaveLength(1);
    await untilNoProcess(mark);
  });

  test("a model that was speaking is asked again, and its words are recorded once", async () => {
    await using model = await startModelServer({ acts: [{ kind: "text", text: "half a sen" }, { kind: "hang" }] });
    const before = await world.start(modelEnvironment(model));
    await createAgent(before, "thinker", {});
    const id = await ask(before, "thinker", "speak");
    await eventually(() => expect(model.requests).toHaveLength(1));
    await before.kill();

    model.script(say("a whole sentence"));
    const after = await world.start(modelEnvironment(model));
    const steps = await endOf(after, id);
    expectTruthful(steps);
    expect(typesOf(steps)).toEqual(["final"]);
    expect(model.requests).toHaveLength(2);
  });

  test("a set-up script is run again from its start, and nothing of the first run is left", async () => {
    const mark = newMark();
    const setup = `echo begun >> begun; [ -e ready ] || { touch ready; setsid sleep ${mark}; }`;
    const before = await world.start();
    await createAgent(before, "worker", { engine: "SHELL", setup, instructions: "Be brief." });
    const id = await ask(before, "worker", "cat begun code/instructions.md");
    await untilProcess(mark);
    await before.kill();

    const after = await world.start();
    const steps = await endOf(after, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "COMPLETED" });
    expect(await askAndWait(after, "worker", "cat begun code/instructions.md")).toBe("begun\nbegun\nBe brief.");
    await untilNoProcess(mark);
  });
});
