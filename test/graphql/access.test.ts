import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeAgent } from "../../src/domain/agents/change.ts";
import { changePassword } from "../../src/domain/service-accounts/password.ts";
import { deleteServiceAccount, updateServiceAccount } from "../../src/domain/service-accounts/service.ts";
import { commit, type Unit } from "../../src/events/commit.ts";
import { accountToken, createAgent, createSpace, order, refusalOf } from "../support/agents.ts";
import { beginResponse, createQuietAgent, step } from "../support/worker.ts";
import { startTestGateway } from "../support/gateway.ts";
import { countListeners, overEvents, overSocket, transports, type Watching } from "../support/live.ts";

const watchAgent = `subscription ($name: ID!) { agentChanged(name: $name) { description } }`;

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let listening: () => number;
beforeAll(async () => {
  gateway = await startTestGateway();
  listening = countListeners(gateway.gateway.tail);
  await createAgent(gateway, "watched");
});
afterAll(() => gateway.stop());

const describeAgent = (name: string, text: string) =>
  gateway.data(
    `mutation ($name: ID!, $text: String) { updateAgent(name: $name, input: { description: $text }) { name } }`,
    { name, text },
  );

/** How a subscription ends that shows nothing more. */
const endOf = (watching: Watching): Promise<unknown> =>
  watching.next().then(
    (value) => ({ showed: value }),
    (error: unknown) => error,
  );

/** Takes away every role of an account, and in the same change does what is given. */
const unbind = (user: string, also?: (unit: Unit) => Promise<unknown>) =>
  commit(gateway.gateway, async (unit) => {
    const { tx, emit } = unit;
    for (const { id, space } of await tx.roleBinding.findMany({ where: { subject: user } })) {
      await tx.roleBinding.delete({ where: { id } });
      await emit({ stream: `role-binding:${id}`, type: "role-binding.deleted", space, payload: {} });
    }
    await also?.(unit);
  });

/** Everything that ends the access of somebody who listens, with the code that says why. */
const endings: Readonly<
  Record<string, readonly [end: (user: string) => Promise<unknown>, close: number, code: string]>
> = {
  "its account is deactivated": [
    (user) => updateServiceAccount(gateway.gateway, user, { active: false }),
    4401,
    "UNAUTHENTICATED",
  ],
  "its password is changed": [
    async (user) => {
      const admin = await gateway.auth.authenticate(gateway.adminToken);
      const change = { currentPassword: null, newPassword: "another horse battery" };
      return changePassword(gateway.gateway, gateway.auth, admin, user, change);
    },
    4401,
    "UNAUTHENTICATED",
  ],
  "its account is deleted": [(user) => deleteServiceAccount(gateway.gateway, user), 4401, "UNAUTHENTICATED"],
  "its role is taken away": [unbind, 4403, "FORBIDDEN"],
};

describe.each(Object.entries(endings))("a subscription ends at once when %s", (how, [end, close, code]) => {
  const user = (transport: string) => `${transport}-${how.replaceAll(" ", "-")}`;

  test(`a socket is closed with ${close}`, async () => {
    const token = await accountToken(gateway, user("socket"), "developer", "default");
    const watching = overSocket(gateway, { query: watchAgent, variables: { name: "watched" }, token });
    await watching.next();
    const started = performance.now();
    await end(user("socket"));
    await expect(watching.next()).rejects.toMatchObject({ code: close });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test(`a stream of events says ${code}`, async () => {
    const token = await accountToken(gateway, user("stream"), "developer", "default");
    const watching = overEvents(gateway, { query: watchAgent, variables: { name: "watched" }, token });
    await watching.next();
    await end(user("stream"));
    await expect(watching.next()).rejects.toMatchObject({ code });
    expect(await watching.next()).toBeUndefined();
  });
});

describe("a subscription", () => {
  test("ends when its token expires, though nothing happens", async () => {
    const { createAgentToken } = await gateway.data(
      `mutation { createAgentToken(name: "watched", ttlSeconds: 1) { token } }`,
    );
    const query = `subscription { responseQueued(agent: "watched") { id } }`;
    const watching = overSocket(gateway, { query, token: createAgentToken.token });
    const next = endOf(watching);
    await expect.poll(listening).toBe(1);
    await gateway.clock.advance(2);
    expect(await next).toMatchObject({ code: 4401 });
  });

  test("of a worker ends when who made its token may change the agent no more, and the token opens nothing", async () => {
    await createQuietAgent(gateway, "staffed");
    const maker = await accountToken(gateway, "dismissed", "developer", "default");
    const issue = `mutation { createAgentToken(name: "staffed", ttlSeconds: 2592000) { token } }`;
    const { token } = (await gateway.data(issue, {}, maker)).createAgentToken;
    const inbox = `subscription { responseQueued(agent: "staffed") { id } }`;
    const watching = overSocket(gateway, { query: inbox, token });
    const next = endOf(watching);
    await expect.poll(listening).toBe(1);
    await unbind("dismissed");
    expect(await next).toMatchObject({ code: 4401 });
    const report = `mutation { setAgentBusy(name: "staffed") { state } }`;
    expect(await refusalOf(gateway, report, {}, token)).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("that two tokens of one viewer share ends for the one that expires, and goes on for the other", async () => {
    await createQuietAgent(gateway, "shared");
    const id = await beginResponse(gateway, "shared");
    const watch = async (ttlSeconds: number) => {
      const issue = `mutation ($ttl: Int) { createAgentToken(name: "shared", ttlSeconds: $ttl) { token } }`;
      const { createAgentToken } = await gateway.data(issue, { ttl: ttlSeconds });
      const query = `subscription ($id: ID!) { responseProgress(id: $id, after: 2) { item { raw } } }`;
      return overSocket(gateway, { query, variables: { id }, token: createAgentToken.token });
    };
    const [short, long] = [await watch(1), await watch(3600)];
    const first = [short.next(), long.next()];
    await expect.poll(listening).toBe(1);
    await step(gateway, id, "for both");
    for (const shown of await Promise.all(first)) expect(shown.responseProgress.item.raw.text).toBe("for both");
    const ended = endOf(short);
    await gateway.clock.advance(2);
    await step(gateway, id, "for one");
    expect(await ended).toMatchObject({ code: 4401 });
    expect((await long.next()).responseProgress.item.raw.text).toBe("for one");
    long.stop();
  });

  test("shows nothing more once its token has expired, however late the timer", async () => {
    await createQuietAgent(gateway, "inbox");
    const { createAgentToken } = await gateway.data(
      `mutation { createAgentToken(name: "inbox", ttlSeconds: 3600) { token } }`,
    );
    const query = `subscription { responseQueued(agent: "inbox") { id } }`;
    const watching = overSocket(gateway, { query, token: createAgentToken.token });
    const next = endOf(watching);
    await expect.poll(listening).toBe(1);
    await gateway.clock.advance(3600);
    await gateway.data(`mutation { createResponse(agent: "inbox", input: { text: "late" }) { id } }`);
    expect(await next).toMatchObject({ code: 4401 });
  });

  test("of an agent that is only published ends when it is published no more", async () => {
    await createAgent(gateway, "shown");
    await order(gateway, "publishAgent", "shown");
    const token = await accountToken(gateway, "passer-by");
    const watching = overSocket(gateway, { query: watchAgent, variables: { name: "shown" }, token });
    await watching.next();
    await order(gateway, "unpublishAgent", "shown");
    await expect(watching.next()).rejects.toMatchObject({ code: 4403 });
  });

  test("of the changes of agents stops showing a space whose role is gone, from the very next change", async () => {
    await createSpace(gateway, "inner");
    await createAgent(gateway, "inside", { space: "inner" });
    await createAgent(gateway, "outside");
    const token = await accountToken(gateway, "narrowed", "developer", "inner");
    const query = `subscription { agentsChanged { name agent { description } } }`;
    const [changes, log] = [
      overSocket(gateway, { query, token }),
      overSocket(gateway, { query: `subscription { events(filter: { streamPrefix: "agent:" }) { stream } }`, token }),
    ];
    const first = [changes.next(), log.next()];
    await expect.poll(listening).toBe(2);
    await describeAgent("outside", "not for them");
    await describeAgent("inside", "for them");
    expect(await Promise.all(first)).toMatchObject([
      { agentsChanged: { name: "inside" } },
      { events: { stream: "agent:inside" } },
    ]);
    const rest = Promise.allSettled([changes.next(), log.next()]);
    // Nothing lies between the loss and the change: they are one commit.
    await unbind("narrowed", (unit) => changeAgent(unit, { name: "inside" }, { description: "no longer for them" }));
    await updateServiceAccount(gateway.gateway, "narrowed", { active: false });
    for (const next of await rest) expect(next).toMatchObject({ status: "rejected", reason: { code: 4401 } });
  });

  describe.each(Object.entries(transports))("over %s of the changes of agents, for a passer-by,", (transport, open) => {
    const named = (name: string) => `${name}-${transport === "graphql-ws" ? "socket" : "stream"}`;
    const changesFrom = (token: string) =>
      open(gateway, { query: `subscription { agentsChanged(after: "0") { kind name agent { description } } }`, token });

    /** What is shown up to the change that gives an agent this description. */
    async function shownUntil(watching: Watching, text: string): Promise<readonly string[]> {
      const shown: string[] = [];
      for (;;) {
        const { kind, name, agent } = (await watching.next()).agentsChanged;
        shown.push(`${kind} ${name} ${agent.description}`);
        if (agent.description === text) return shown;
      }
    }

    async function publishNew(name: string): Promise<void> {
      await createAgent(gateway, name);
      await order(gateway, "publishAgent", name);
      await describeAgent(name, "while published");
    }

    test("shows what is published, also from before, and nothing of what is so no longer", async () => {
      const [kept, withdrawn, removed] = [named("kept"), named("withdrawn"), named("removed")];
      for (const name of [kept, withdrawn, removed]) await publishNew(name);
      await order(gateway, "unpublishAgent", withdrawn);
      await gateway.data(`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name: removed });
      await describeAgent(kept, `the last of ${kept}`);

      const watching = changesFrom(await accountToken(gateway, named("visitor")));
      const shown = await shownUntil(watching, `the last of ${kept}`);
      watching.stop();
      expect(shown.filter((line) => line.includes(withdrawn))).toEqual([]);
      expect(shown.filter((line) => line.includes(removed))).toEqual([`DELETED ${removed} while published`]);
      expect(shown).toContain(`CHANGED ${kept} while published`);
    });

    test("shows nothing that was published no longer by the time it came, to none of those who share it", async () => {
      const [kept, fleeting] = [named("lasting"), named("fleeting")];
      for (const name of [kept, fleeting]) await publishNew(name);
      const token = await accountToken(gateway, named("onlooker"));
      const watching = [changesFrom(token), changesFrom(token)];
      const upTo = (text: string) => Promise.all(watching.map((each) => shownUntil(each, text)));
      await describeAgent(kept, `the first of ${kept}`);
      for (const shown of await upTo(`the first of ${kept}`))
        expect(shown).toContain(`CHANGED ${fleeting} while published`);
      const rest = upTo(`the last of ${kept}`);
      await commit(gateway.gateway, async (unit) => {
        await changeAgent(unit, { name: fleeting }, { description: "for nobody" });
        await changeAgent(unit, { name: fleeting }, { isPublished: false });
      });
      await describeAgent(kept, `the last of ${kept}`);
      for (const shown of await rest) expect(shown.join()).not.toContain("for nobody");
      for (const each of watching) each.stop();
    });
  });

  test("that is over is no longer told of changes of access", async () => {
    const onAccessChange = gateway.auth.onAccessChange.bind(gateway.auth);
    let told = 0;
    Object.assign(gateway.auth, {
      onAccessChange(...[principal, listener]: Parameters<typeof onAccessChange>) {
        const stop = onAccessChange(principal, listener);
        told++;
        return () => {
          told--;
          stop();
        };
      },
    });
    const watching = overSocket(gateway, { query: watchAgent, variables: { name: "watched" } });
    await watching.next();
    expect(told).toBe(1);
    watching.stop();
    await expect.poll(() => told).toBe(0);
  });
});
