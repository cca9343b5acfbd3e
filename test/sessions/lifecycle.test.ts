import { afterAll, describe, expect, test } from "vitest";
import { refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { createSession, orderSession, sessionNow, talk, untilSession } from "../support/sessions.ts";

let gateway = await startTestGateway();
afterAll(() => gateway.stop());

const containers = async () => (await gateway.runtime.list()).containers;
const volumes = async () => (await gateway.runtime.list()).volumes.map(({ name }) => name);
const statusOf = async (name: string) => (await containers()).find((one) => one.name === name)?.status ?? "none";

/** The way to each state, and a session that has gone it. */
const ways: Readonly<Record<string, readonly string[]>> = {
  IDLE: [],
  PAUSED: ["pauseSession"],
  SUSPENDED: ["suspendSession"],
  CLOSED: ["closeSession"],
};
async function sessionIn(state: string): Promise<string> {
  if (state === "INIT") {
    const hold = gateway.runtime.hold("ensureRunning");
    const { createSession: made } = await gateway.data(`mutation { createSession(input: { engine: SHELL }) { id } }`);
    await hold.reached;
    void gateway.settle().finally(hold);
    holds.push(hold);
    return made.id;
  }
  const { id } = await createSession(gateway, state === "BUSY" ? { engine: "EXTERNAL" } : {});
  if (state === "BUSY") await orderSession(gateway, "setSessionState", id, `state: "BUSY"`);
  for (const way of ways[state] ?? []) await orderSession(gateway, way, id);
  if (state !== "BUSY") await gateway.settle();
  return id;
}
const holds: (() => void)[] = [];

/** The state that a mutation answers, or how it was refused. */
async function outcomeOf(mutation: string, variables: object): Promise<string> {
  const { data, errors } = await gateway.graphql(mutation, variables);
  return errors?.[0] ? `${errors[0].extensions.code} while ${String(errors[0].extensions["state"])}` : data.done.state;
}

const stateOf = async (id: string) => (await gateway.gateway.store.session.findUniqueOrThrow({ where: { id } })).state;

const matrix: Readonly<Record<string, readonly string[]>> = {
  //              pause       suspend      resume    close     restore
  INIT: ["PAUSED", "SUSPENDED", "INIT", "CLOSED", "INIT"],
  IDLE: ["PAUSED", "SUSPENDED", "IDLE", "CLOSED", "IDLE"],
  BUSY: ["PAUSED", "SUSPENDED", "BUSY", "CLOSED", "BUSY"],
  PAUSED: ["PAUSED", "SUSPENDED", "INIT", "CLOSED", "409"],
  SUSPENDED: ["409", "SUSPENDED", "INIT", "CLOSED", "409"],
  CLOSED: ["409", "409", "409", "CLOSED", "INIT"],
};
const verbs = ["pause", "suspend", "resume", "close", "restore"];
const cases = Object.entries(matrix).flatMap(([from, row]) => verbs.map((verb, at) => [verb, from, row[at]] as const));

describe("every verb in every state", () => {
  test.each(cases)("%s of a session that is %s: %s", async (verb, from, to) => {
    const id = await sessionIn(from);
    try {
      const mutation = `mutation ($id: ID!) { done: ${verb}Session(id: $id) { state } }`;
      expect(await outcomeOf(mutation, { id })).toEqual(to === "409" ? `CONFLICT while ${from}` : to);
      const unchanged = to === "409" ? await stateOf(id) : from;
      expect(unchanged).toBe(from);
    } finally {
      for (const hold of holds.splice(0)) hold();
      await gateway.settle();
    }
  });

  test.each([
    ["IDLE", "PAUSED", "PAUSED"],
    ["IDLE", "suspended", "SUSPENDED"],
    ["PAUSED", "Closed", "CLOSED"],
    ["PAUSED", "INIT", "INIT"],
    ["CLOSED", "init", "INIT"],
    ["IDLE", "BUSY", "BUSY"],
    ["BUSY", "IDLE", "IDLE"],
    ["IDLE", "INIT", "409"],
    ["PAUSED", "IDLE", "409"],
    ["CLOSED", "BUSY", "409"],
    ["CLOSED", "PAUSED", "409"],
  ])("by name, from %s to %s: %s", async (from, name, to) => {
    const id = await sessionIn(from);
    const mutation = `mutation ($id: ID!, $state: String!) { done: setSessionState(id: $id, state: $state) { state } }`;
    expect(await outcomeOf(mutation, { id, state: name })).toBe(to === "409" ? `CONFLICT while ${from}` : to);
    await gateway.settle();
  });

  test("a word that is no state is refused and named", async () => {
    const id = await sessionIn("IDLE");
    const mutation = `mutation { setSessionState(id: "${id}", state: "asleep") { id } }`;
    expect(await refusalOf(gateway, mutation)).toMatchObject({ code: "BAD_USER_INPUT", field: "state" });
  });
});

describe("what becomes of container and volume", () => {
  test("pausing freezes the container for as long as nobody resumes it", async () => {
    const { id } = await createSession(gateway);
    const { containerId, volumeId } = await sessionNow(gateway, id);
    await orderSession(gateway, "pauseSession", id);
    await gateway.settle();
    await gateway.clock.advance(3600);
    expect(await statusOf(containerId)).toBe("paused");
    await orderSession(gateway, "resumeSession", id);
    await gateway.settle();
    expect(await statusOf(containerId)).toBe("running");
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "IDLE", containerId, volumeId });
  });

  test("suspending stops the container, and resuming starts the same one", async () => {
    const { id } = await createSession(gateway);
    const { containerId } = await sessionNow(gateway, id);
    await orderSession(gateway, "suspendSession", id);
    await gateway.settle();
    expect(await statusOf(containerId)).toBe("stopped");
    await orderSession(gateway, "resumeSession", id);
    await gateway.settle();
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "IDLE", containerId });
  });

  test("closing removes the container and keeps the volume; restoring makes another on it", async () => {
    const { id } = await createSession(gateway);
    const { containerId, volumeId, startedAt } = await sessionNow(gateway, id);
    expect(await orderSession(gateway, "closeSession", id)).toMatchObject({
      terminatedAt: expect.any(String),
      terminationReason: "closed",
    });
    await gateway.settle();
    expect([await statusOf(containerId), (await volumes()).includes(volumeId)]).toEqual(["none", true]);
    expect(await sessionNow(gateway, id)).toMatchObject({ containerId: null, volumeId, computer: { phase: "ABSENT" } });
    await gateway.clock.advance(60);
    expect((await volumes()).includes(volumeId)).toBe(true);

    await orderSession(gateway, "restoreSession", id);
    await gateway.settle();
    const restored = await sessionNow(gateway, id);
    expect(restored).toMatchObject({ state: "IDLE", terminatedAt: null, terminationReason: null, volumeId, startedAt });
    expect(restored.containerId).not.toBe(containerId);
    expect(await statusOf(restored.containerId)).toBe("running");
  });

  test("closing what never ran, and deleting what is closed, leave nothing behind", async () => {
    gateway.runtime.away(true);
    const { createSession: made } = await gateway.data(`mutation { createSession { id computer { id } } }`);
    await orderSession(gateway, "closeSession", made.id);
    gateway.runtime.away(false);
    await gateway.clock.advance(60);
    expect((await containers()).filter(({ name }) => name.includes(made.computer.id))).toEqual([]);

    const { id } = await createSession(gateway);
    const { volumeId } = await sessionNow(gateway, id);
    await orderSession(gateway, "closeSession", id);
    await gateway.settle();
    await gateway.data(`mutation { deleteSession(id: "${id}") { id } }`);
    await gateway.settle();
    expect(await volumes()).not.toContain(volumeId);
    expect(await refusalOf(gateway, `{ session(id: "${id}") { id } }`)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("an order that comes before the one ahead of it was carried out wins", async () => {
    const { id } = await createSession(gateway);
    for (const verb of ["pause", "resume", "close", "restore", "suspend", "close", "restore", "pause"]) {
      await orderSession(gateway, `${verb}Session`, id);
    }
    await gateway.settle();
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "PAUSED" });
    await orderSession(gateway, "resumeSession", id);
    await gateway.settle();
    const { containerId, computer } = await sessionNow(gateway, id);
    expect(await statusOf(containerId)).toBe("running");
    await gateway.clock.advance(60);
    expect((await containers()).filter(({ name }) => name.includes(computer.id))).toHaveLength(1);
  });
});

describe("a restart in the middle", () => {
  test.each([
    ["closeSession", "none", "CLOSED"],
    ["suspendSession", "stopped", "SUSPENDED"],
    ["pauseSession", "paused", "PAUSED"],
  ])("of %s carries it out all the same", async (verb, status, state) => {
    const { id } = await createSession(gateway);
    const { containerId, volumeId } = await sessionNow(gateway, id);
    gateway.runtime.away(true);
    await orderSession(gateway, verb, id);
    gateway = await gateway.restart();
    gateway.runtime.away(false);
    await gateway.clock.advance(1);
    expect([await statusOf(containerId), (await sessionNow(gateway, id)).state]).toEqual([status, state]);
    expect(await volumes()).toContain(volumeId);
  });

  test("of closing, between the removal and saying so, ends with neither container nor doubt", async () => {
    const { id } = await createSession(gateway);
    const { computer } = await sessionNow(gateway, id);
    gateway.runtime.failNext("removeContainer", new Error("the gateway was killed here"));
    await orderSession(gateway, "closeSession", id);
    await gateway.settle();
    await gateway.runtime.removeContainer(`raworc-${computer.id}-g1`);
    gateway = await gateway.restart();
    await gateway.settle();
    expect(await sessionNow(gateway, id)).toMatchObject({ containerId: null, computer: { phase: "ABSENT" } });
  });

  test("of writing instructions writes them again before the session is IDLE", async () => {
    const hold = gateway.runtime.hold("files.write");
    const input = { engine: "SHELL", instructions: "Be exact." };
    const document = `mutation ($input: CreateSessionInput) { createSession(input: $input) { id } }`;
    const { id } = (await gateway.data(document, { input })).createSession;
    await hold.reached;
    expect(await sessionNow(gateway, id)).toMatchObject({ state: "INIT", startedAt: expect.any(String) });
    const restarting = gateway.restart();
    hold();
    gateway = await restarting;
    await untilSession(gateway, id, "IDLE");
    expect(await talk(gateway, id, "cat code/instructions.md")).toBe("Be exact.");
  });
});
