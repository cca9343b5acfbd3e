import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";

/** What people, engines and clocks do, in any order. */
const names = ["ann", "bob"] as const;
const name = fc.constantFrom(...names);
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("create"), name }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("ask"),
      name,
      text: fc.constantFrom("echo hi", "exit 3", "sleep 60"),
      whenBusy: fc.constantFrom("QUEUE", "REJECT", "INTERRUPT"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("sleep", "wake", "delete", "cancel", "remix"), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("die"), name, outOfMemory: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("away"), isAway: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("advance"), seconds: fc.constantFrom(1, 20, 61, 400) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pause") }) },
);
type Action = typeof action extends fc.Arbitrary<infer Each> ? Each : never;

const gateway = await startTestGateway({ env: { RAWORC_ENGINE: "shell" } });
afterAll(() => gateway.stop());
const { store } = gateway.gateway;
let token = gateway.adminToken;

/** More than a token's life passes in all the runs together. */
async function signIn(): Promise<void> {
  const { login } = await gateway.data(`mutation { login(user: "admin", password: "admin") { token } }`, {}, null);
  token = login.token;
}

async function act(done: Action): Promise<void> {
  const call = (document: string, variables = {}) => gateway.graphql(document, variables, token).then(() => undefined);
  switch (done.kind) {
    case "create":
      return call(`mutation { createAgent(input: { name: "${done.name}", idleTimeoutSeconds: 300 }) { name } }`);
    case "ask":
      return call(
        `mutation ($i: JSON!) { createResponse(agent: "${done.name}", input: $i, whenBusy: ${done.whenBusy}) { id } }`,
        {
          i: { text: done.text },
        },
      );
    case "sleep":
    case "wake":
    case "delete":
    case "cancel":
      return call(`mutation { ${done.kind}Agent(name: "${done.name}") { name } }`);
    case "remix":
      return call(`mutation { remixAgent(name: "${done.name}", input: { name: "${done.name}-copy" }) { name } }`);
    case "die":
      return die(done.name, done.outOfMemory);
    case "away":
      return gateway.runtime.away(done.isAway);
    case "advance":
      return gateway.clock.advance(done.seconds);
    case "pause":
      return new Promise((resolve) => setImmediate(resolve));
  }
}

async function die(agent: string, outOfMemory: boolean): Promise<void> {
  const row = await store.agent.findUnique({ where: { name: agent }, include: { computer: true } });
  const container = row && `raworc-${row.computer.id}-g${row.computer.generation}`;
  if (row?.computer.phase === "RUNNING" && container) gateway.runtime.die(container, { outOfMemory });
}

/** Lets everything come to an end: the engine is back and time goes on until nobody is busy or getting ready. */
async function comeToRest(): Promise<void> {
  gateway.runtime.away(false);
  for (let look = 0; look < 40; look++) {
    await gateway.clock.advance(look < 20 ? 5 : 120);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const [unfinished, moving] = await Promise.all([
      store.response.count({ where: { status: { in: ["PENDING", "PROCESSING"] } } }),
      store.agent.count({ where: { state: { in: ["INIT", "BUSY"] } } }),
    ]);
    if (unfinished + moving === 0 && look > 3) return;
  }
}

async function checkWorld(): Promise<void> {
  const agents = await store.agent.findMany({ include: { computer: true, responses: true } });
  for (const { name: who, state, idleFrom, busyFrom, computer, responses } of agents) {
    expect({ who, state }).toEqual({
      who,
      state: expect.stringMatching(/^(IDLE|SLEPT)$/),
    });
    expect({ who, idle: idleFrom !== null, busy: busyFrom !== null }).toEqual({
      who,
      idle: state === "IDLE",
      busy: false,
    });
    expect([who, computer.desired]).toEqual([
      who,
      expect.stringMatching(state === "IDLE" ? /^RUNNING$/ : /^(PAUSED|STOPPED)$/),
    ]);
    for (const { status, leaseOwner } of responses) {
      expect([who, status]).toEqual([who, expect.stringMatching(/^(COMPLETED|FAILED|CANCELLED)$/)]);
      expect(leaseOwner).toBeNull();
    }
  }
  await checkEngine();
  await checkStreams();
}

/** Every container and volume belongs to a computer and every computer to an agent; each is as ordered. */
async function checkEngine(): Promise<void> {
  const { containers, volumes } = await gateway.runtime.list();
  const computers = await store.computer.findMany({ include: { agent: true } });
  expect(computers.filter(({ agent }) => !agent)).toEqual([]);
  const statuses = new Map(containers.map(({ name: container, status }) => [container, status]));
  for (const { id, generation, desired, phase } of computers) {
    const status = statuses.get(`raworc-${id}-g${generation}`);
    if (desired === "RUNNING") expect([phase, status]).toEqual(["RUNNING", "running"]);
    else expect(phase === "PAUSED" ? "paused" : "stopped").toBe(phase === "PAUSED" ? status : (status ?? "stopped"));
  }
  const owned = new Set(computers.map(({ id, generation }) => `raworc-${id}-g${generation}`));
  expect(containers.map(({ name: container }) => container).filter((container) => !owned.has(container))).toEqual([]);
  const ids = new Set(computers.map(({ id }) => `raworc-${id}`));
  expect(volumes.map(({ name: volume }) => volume).filter((volume) => !ids.has(volume))).toEqual([]);
}

/** Every response that ever was has gapless events that begin with PENDING and one terminal event, the last. */
async function checkStreams(): Promise<void> {
  const events = await store.event.findMany({ where: { stream: { startsWith: "response:" } }, orderBy: { id: "asc" } });
  const streams = Map.groupBy(events, ({ stream }) => stream);
  for (const [stream, inOrder] of streams) {
    const statuses = inOrder.map(({ payload }) => (payload as { status?: string }).status ?? "item");
    expect([stream, inOrder.map(({ seq }) => seq)]).toEqual([stream, inOrder.map((_each, place) => place + 1)]);
    expect([stream, statuses.join(" ")]).toEqual([
      stream,
      expect.stringMatching(/^PENDING( PROCESSING( item)*)? (COMPLETED|FAILED|CANCELLED)$/),
    ]);
  }
}

test("whatever people, engines and clocks do in whatever order, the world comes to rest and all of it agrees", {
  timeout: 60_000,
}, async () => {
  expect.hasAssertions();
  await fc.assert(
    fc
      .asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
        await signIn();
        for (const each of actions) await act(each);
        await comeToRest();
        await checkWorld();
      })
      .afterEach(async () => {
        gateway.runtime.away(false);
        for (const agent of await store.agent.findMany()) {
          await gateway.data(`mutation { deleteAgent(name: "${agent.name}") { name } }`, {}, token);
        }
        await gateway.settle();
      }),
    {
      numRuns: Number(process.env["FC_RUNS"] ?? 20),
      interruptAfterTimeLimit: Number(process.env["FC_LIMIT_MS"] ?? 6_000),
    },
  );
});
