import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { createLeases } from "../../src/domain/computers/lease.ts";
import { createLongParts } from "../../src/domain/computers/long-parts.ts";
import { createComputerReconciler } from "../../src/domain/computers/reconcile.ts";
import { renewLeases, takeOver } from "../../src/domain/responses/claim.ts";
import { agentNamed, answerOf, ask, createAgent, endOf, order, responseOf, storyOf } from "../support/agents.ts";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import { startTestGateway } from "../support/gateway.ts";
import { runByHand } from "../support/run.ts";

const gateway = await startTestGateway({ alone: false });
afterAll(() => gateway.stop());

const { store, runtime } = { ...gateway.gateway, runtime: gateway.runtime };
/** A second process on the same database and engine. */
const other = { ...gateway.gateway, replicaId: "another-replica" };
const there = createComputerReconciler(other, { alone: false, longParts: createLongParts(gateway.config) });
const reconcileThere = (id: string) => there.reconcile(id, runByHand);
const rowOf = async (name: string) =>
  (await store.agent.findUniqueOrThrow({ where: { name }, include: { computer: true } })).computer;

describe("a computer that one process is changing", () => {
  test("is left alone by the others until the lease is over", async () => {
    const hold = runtime.hold("ensureRunning");
    onTestFinished(hold);
    await gateway.data(`mutation { createAgent(input: { name: "held", engine: SHELL }) { name } }`);
    await hold.reached;
    const { id } = await rowOf("held");
    const calls = runtime.calls("inspect");
    expect(await reconcileThere(id)).toEqual({ againAfterMs: 1000 });
    expect(runtime.calls("inspect")).toBe(calls);
    hold();
    await gateway.settle();
    expect(await agentNamed(gateway, "held")).toMatchObject({ state: "IDLE" });
    expect(await rowOf("held")).toMatchObject({ leaseOwner: null, leaseUntil: null });
  });

  test("is taken over when the lease is over, and the late one writes nothing", async () => {
    const hold = runtime.hold("ensureRunning");
    onTestFinished(hold);
    await gateway.data(`mutation { createAgent(input: { name: "late", engine: SHELL }) { name } }`);
    await hold.reached;
    const { id, epoch } = await rowOf("late");
    await store.computer.update({ where: { id }, data: { leaseUntil: new Date(0) } });
    const taken = reconcileThere(id);
    while ((await rowOf("late")).epoch === epoch);
    await store.computer.update({ where: { id }, data: { phase: "CREATING", lastError: "seen by the other" } });
    const events = () => store.event.findMany({ where: { stream: `computer:${id}`, type: "computer.running" } });
    hold();
    await taken;
    await gateway.settle();
    expect(await events()).toHaveLength(1);
    expect(await agentNamed(gateway, "late")).toMatchObject({ state: "IDLE", computer: { phase: "RUNNING" } });
  });
});

describe("a computer of a gateway that is alone on its database", () => {
  test("is changed by one run at a time, though nothing of that is stored", async () => {
    await createAgent(gateway, "solo");
    const row = await rowOf("solo");
    const leases = createLeases(gateway.gateway, { alone: true });
    const { promise: work, resolve: end } = Promise.withResolvers<string>();
    const first = leases.hold(row.id, () => work);
    expect(await leases.hold(row.id, async () => "a second one")).toBeNull();
    expect(await rowOf("solo")).toEqual(row);
    end("the first");
    expect(await first).toBe("the first");
    await expect(leases.hold(row.id, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(await leases.hold(row.id, async ({ id }) => id)).toBe(row.id);
    expect(await leases.hold("gone", async () => "done")).toBeNull();
  });

  test("is made without a write of its own for a lease", async () => {
    const alone = await startTestGateway();
    onTestFinished(() => alone.stop());
    await createAgent(alone, "made");
    const { computer } = await alone.gateway.store.agent.findUniqueOrThrow({
      where: { name: "made" },
      include: { computer: true },
    });
    expect(computer.epoch === 0).toBe(alone.config.databaseUrl.startsWith("file:"));
  });

  test.each(["itself", "another process"])("is known no more once it was removed by %s", async (who) => {
    const newProcess = () =>
      createComputerReconciler(gateway.gateway, { alone: true, longParts: createLongParts(gateway.gateway.config) });
    const [here, elsewhere] = [newProcess(), newProcess()];
    const id = gateway.gateway.newId();
    const row = { id, space: "default", createdAt: gateway.gateway.now(), updatedAt: gateway.gateway.now() };
    const makeBy = async (maker: typeof here) => {
      await store.computer.create({ data: row });
      await maker.reconcile(id, runByHand);
    };
    const removeBy = async (remover: typeof here) => {
      await store.computer.update({ where: { id }, data: { desired: "ABSENT" } });
      await remover.reconcile(id, runByHand);
    };
    await makeBy(here);
    expect(await here.keys()).not.toContain(id);
    await removeBy(who === "itself" ? here : elsewhere);
    await here.reconcile(id, runByHand);
    // Another one of the same name is one more that nobody has looked into.
    await makeBy(elsewhere);
    expect(await here.keys()).toContain(id);
    await removeBy(elsewhere);
  });
});

describe("a response that one process is answering", () => {
  test("is not answered by another that takes it over: whoever has the old epoch writes nothing", async () => {
    await createAgent(gateway, "contested");
    const hold = runtime.hold("exec");
    onTestFinished(hold);
    const { id } = await ask(gateway, "contested", "echo old owner");
    await hold.reached;
    const row = await store.response.update({ where: { id }, data: { leaseUntil: new Date(0) } });
    const taken = await takeOver(other, row);
    expect(taken).toMatchObject({ leaseOwner: "another-replica", epoch: row.epoch + 1 });
    expect(await takeOver(other, row)).toBeNull();
    hold();
    // Another agent's response ends after this one's would have.
    await createAgent(gateway, "bystander");
    await answerOf(gateway, "bystander", "true");
    await gateway.settle();
    expect(await storyOf(gateway, id)).toEqual(["PENDING", "PROCESSING", "tool_call"]);
    expect(await responseOf(gateway, id)).toMatchObject({ status: "PROCESSING" });
    // The other process dies; its lease ends and this one settles what is recorded.
    await gateway.clock.advance(11);
    expect(await endOf(gateway, id)).toMatchObject({ status: "FAILED", failure: { reason: "INTERRUPTED" } });
  });

  test("keeps its lease while it is really answered, and not because another one is", async () => {
    const lease = { leaseOwner: gateway.gateway.replicaId, leaseUntil: new Date(0), status: "PROCESSING" } as const;
    await createAgent(gateway, "answered", { engine: "EXTERNAL" });
    await createAgent(gateway, "forgotten", { engine: "EXTERNAL" });
    const rows = [await ask(gateway, "answered", "a"), await ask(gateway, "forgotten", "b")];
    await store.response.updateMany({ where: { id: { in: rows.map(({ id }) => id) } }, data: lease });
    const { id: agentId } = await agentNamed(gateway, "answered");
    await renewLeases(gateway.gateway, [agentId]);
    const untils = await Promise.all(rows.map(({ id }) => store.response.findUnique({ where: { id } })));
    expect(untils[0]?.leaseUntil?.getTime()).toBe(gateway.gateway.now().getTime() + 10_000);
    expect(untils[1]?.leaseUntil).toEqual(new Date(0));
    await gateway.data(
      `mutation { answered: deleteAgent(name: "answered") { name } forgotten: deleteAgent(name: "forgotten") { name } }`,
    );
  });
});

describe("what nobody owns", () => {
  const spec = { image: "i", network: "NONE", limits: { memoryBytes: 1, cpus: 1, pids: 1 } } as const;

  test("a container of this deployment without a row goes after a grace time; its volume stays", async () => {
    const ours = { "raworc.deployment": gateway.gateway.deployment, "raworc.computer": "gone" };
    await runtime.ensureVolume("raworc-gone", ours);
    await runtime.ensureContainer({ ...spec, name: "raworc-gone-g1", volume: "raworc-gone", labels: ours });
    await gateway.clock.advance(1);
    expect(await runtime.inspect("raworc-gone-g1")).not.toBeNull();
    await gateway.clock.advance(5);
    expect(await runtime.inspect("raworc-gone-g1")).toBeNull();
    expect((await runtime.list()).volumes.map(({ name }) => name)).toContain("raworc-gone");
  });

  test("containers of another gateway on the same engine are left alone", async () => {
    const first = await startTestGateway();
    const { deployment } = first.gateway;
    const engine = createMemoryRuntime({ deployment });
    const alone = await first.restart({ runtime: engine });
    for (const owner of [deployment, "somebody-else"]) {
      const labels = { "raworc.deployment": owner, "raworc.computer": "unknown" };
      await engine.ensureVolume(`v-${owner}`, labels);
      await engine.ensureContainer({ ...spec, name: `c-${owner}`, volume: `v-${owner}`, labels });
    }
    await alone.clock.advance(1);
    await alone.clock.advance(6);
    expect(await engine.inspect(`c-${deployment}`)).toBeNull();
    expect(await engine.inspect("c-somebody-else")).not.toBeNull();
    await alone.stop();
  });

  test("a container of an earlier generation goes too, the present one stays", async () => {
    await createAgent(gateway, "renewed", { idleTimeoutSeconds: 86_400 });
    const { id } = await rowOf("renewed");
    await store.computer.update({ where: { id }, data: { generation: 3 } });
    await gateway.clock.advance(1);
    await gateway.clock.advance(1);
    await gateway.clock.advance(6);
    const { containers } = await runtime.list();
    const mine = containers.filter(({ labels }) => labels["raworc.computer"] === id).map(({ name }) => name);
    expect(mine).toEqual([`raworc-${id}-g4`]);
  });

  test("sleepers at rest are not looked at again and again", async () => {
    await createAgent(gateway, "resting");
    await order(gateway, "sleepAgent", "resting");
    await gateway.settle();
    await gateway.clock.advance(61);
    const { epoch } = await rowOf("resting");
    await gateway.clock.advance(31);
    expect((await rowOf("resting")).epoch).toBe(epoch);
  });

  test("a computer that runs though its row says it is stopped is stopped", async () => {
    const { id } = await rowOf("resting");
    await runtime.ensureRunning(`raworc-${id}-g1`);
    await gateway.clock.advance(1);
    expect(await runtime.inspect(`raworc-${id}-g1`)).toMatchObject({ status: "stopped" });
  });
});
