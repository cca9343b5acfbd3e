import { afterEach, describe, expect, test, vi } from "vitest";
import { createAuth } from "../../src/auth/auth.ts";
import type { AccountPrincipal } from "../../src/auth/principal.ts";
import { commit } from "../../src/events/commit.ts";
import { createServiceAccount, updateServiceAccount } from "../../src/domain/service-accounts/service.ts";
import {
  type AccountsGateway,
  bind,
  jwtSecret,
  openWithAdministrator,
  principalOf,
} from "../service-accounts/support.ts";

afterEach(() => {
  vi.useRealTimers();
});

async function openWithAda() {
  const opened = await openWithAdministrator();
  await createServiceAccount(opened.gateway, opened.auth, { user: "ada", password: "lovelace" });
  await bind(opened.gateway, "ada", "developer", "default");
  return { ...opened, ...(await principalOf(opened, "ada", "lovelace")) };
}

/** Lets the log say that a thing changed, as its room does. */
const announce = ({ gateway }: AccountsGateway, stream: string) =>
  commit(gateway, ({ emit }) => emit({ stream, type: "something.changed", payload: {} }));

async function createAgent({ gateway }: AccountsGateway, name: string): Promise<string> {
  const { store } = gateway;
  const times = { createdAt: gateway.now(), updatedAt: gateway.now() };
  const [id, computerId] = [gateway.newId(), gateway.newId()];
  await store.computer.create({ data: { id: computerId, space: "default", ...times } });
  const owner = { createdByName: "ada", spaceName: "default", computerId };
  await store.agent.create({ data: { id, name, nameKey: name.toLowerCase(), ...owner, ...times } });
  return id;
}

describe("authentication", () => {
  test("finds the account with its roles, grants and spaces behind a header or a bare token", async () => {
    const { auth, token } = await openWithAda();
    for (const authorization of [token, `Bearer ${token}`, `bearer  ${token}`]) {
      expect(await auth.authenticate(authorization)).toMatchObject({
        kind: "account",
        user: "ada",
        roles: ["developer"],
        spaces: ["default"],
        grants: [
          { resources: ["sessions", "agents"], verbs: ["create", "get", "update", "list"], space: "default" },
          { resources: ["secrets"], verbs: ["get", "list"], space: "default" },
        ],
      });
    }
  });

  test("answers every bad token in the same words", async () => {
    const opened = await openWithAda();
    const { gateway, auth, clock, token } = opened;
    const expired = await auth.tokens.issue({ accountId: "none", user: "ada", epoch: 0, ttlSeconds: 1 });
    const foreign = createAuth(gateway, "another secret of at least 32 characters");
    const { token: forged } = await foreign.tokens.issue({ accountId: "none", user: "admin", epoch: 0 });
    foreign.close();
    const unknown = await auth.tokens.issue({ accountId: "none", user: "ada", epoch: 0 });
    const { id } = await gateway.store.serviceAccount.findUniqueOrThrow({ where: { user: "ada" } });
    const renamed = await auth.tokens.issue({ accountId: id, user: "admin", epoch: 0 });
    clock.now = new Date(clock.now.getTime() + 2000);

    const bad = [
      "",
      "Bearer ",
      "Basic YTpi",
      "x",
      expired.token,
      forged,
      unknown.token,
      renamed.token,
      `${token}x`,
      null,
    ];
    const refusals = await Promise.all(bad.map((text) => auth.authenticate(text).catch((error: unknown) => error)));
    expect(new Set(refusals.map(String)).size).toBe(1);
    expect(refusals[0]).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("asks the store once, and then answers at once with the same object", async () => {
    const { auth, token, principal } = await openWithAda();
    const again = await auth.authenticate(token);
    expect(again).toBe(principal);
    expect(auth.recall(`Bearer ${token}`)).toBe(principal);
  });

  test("recalls a token no longer than it lasts", async () => {
    const { auth, token, clock, principal } = await openWithAda();
    clock.now = principal.expiresAt;
    expect(auth.recall(token)).toBeUndefined();
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(auth.refresh(principal)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test.each(["role:developer", "role-binding:some-binding"])(
    "sees new bindings once %s has changed",
    async (stream) => {
      const opened = await openWithAda();
      const { gateway, auth, token } = opened;
      await bind(gateway, "ada", "operator", null);
      await announce(opened, stream);
      expect(auth.recall(token)).toBeUndefined();
      expect(await auth.authenticate(token)).toMatchObject({ roles: ["developer", "operator"] });
    },
  );

  test("does not remember what changed while it was being read", async () => {
    const opened = await openWithAda();
    const { gateway, auth, token } = opened;
    await announce(opened, "role:developer");
    const reading = auth.authenticate(token);
    const place = { id: 1n, seq: 1, actor: null, space: null, ownerId: null, partOf: null, at: gateway.now() };
    gateway.tail.publish([{ stream: "role:developer", type: "role.changed", payload: {}, ...place }]);
    await reading;
    expect(auth.recall(token)).toBeUndefined();
    await auth.authenticate(token);
    expect(auth.recall(token)).toBeDefined();
  });

  test("refuses an inactive account, whatever the token's epoch", async () => {
    const { gateway, auth } = await openWithAda();
    const { id } = await createServiceAccount(gateway, auth, { user: "bob", password: "x", active: false });
    const { token } = await auth.tokens.issue({ accountId: id, user: "bob", epoch: 0 });
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("is not troubled by the events of other things", async () => {
    const opened = await openWithAda();
    for (const stream of ["agent:demo", "response:1", "service-account:another"]) await announce(opened, stream);
    expect(opened.auth.recall(opened.token)).toBe(opened.principal);
  });
});

describe("open subscriptions", () => {
  test("are told when the account, a role or a binding changes, until they stop listening", async () => {
    const opened = await openWithAda();
    const { gateway, auth, principal } = opened;
    const heard: string[] = [];
    const stop = auth.onAccessChange(principal, () => heard.push("changed"));
    await announce(opened, "agent:demo");
    await announce(opened, "role:developer");
    await announce(opened, "role-binding:some-binding");
    expect(heard).toHaveLength(2);
    await updateServiceAccount(gateway, "ada", { active: false });
    expect(heard).toHaveLength(3);
    await expect(auth.refresh(principal)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    stop();
    await announce(opened, "role:developer");
    expect(heard).toHaveLength(3);
  });

  test("learn of the roles that a caller has now", async () => {
    const opened = await openWithAda();
    await bind(opened.gateway, "ada", "operator", null);
    await announce(opened, "role-binding:new");
    expect(await opened.auth.refresh(opened.principal)).toMatchObject({ roles: ["developer", "operator"] });
  });

  test("are told when the token expires, also beyond what one timer can wait", async () => {
    const opened = await openWithAda();
    const { auth, clock, principal } = opened;
    const agentId = await createAgent(opened, "demo");
    const maker = principal as AccountPrincipal; // ada logged in with a password
    const { token } = await auth.issueWorkerToken(maker, agentId, 30 * 86_400);
    const worker = await auth.authenticate(token);
    vi.useFakeTimers();
    const heard: string[] = [];
    const advance = (days: number) => {
      clock.now = new Date(clock.now.getTime() + days * 86_400_000);
      vi.advanceTimersByTime(days * 86_400_000);
    };
    const stop = [
      auth.onAccessChange(principal, () => heard.push("account")),
      auth.onAccessChange(worker, () => heard.push("worker")),
    ];
    advance(1);
    expect(heard).toEqual(["account"]);
    advance(28.9);
    expect(heard).toEqual(["account"]);
    advance(0.2);
    expect(heard).toEqual(["account", "worker"]);
    for (const end of stop) end();
  });
});

describe("a worker's token", () => {
  async function openWithWorker() {
    const opened = await openWithAda();
    const agentId = await createAgent(opened, "demo");
    const maker = opened.principal as AccountPrincipal; // ada logged in with a password
    const { token, expiresAt } = await opened.auth.issueWorkerToken(maker, agentId, 3600);
    return { ...opened, agentId, maker, token, expiresAt };
  }

  test("stands for its agent alone and has none of its maker's grants", async () => {
    const { auth, token, agentId, maker, expiresAt } = await openWithWorker();
    const worker = await auth.authenticate(token);
    expect(worker).toEqual({
      kind: "worker",
      agentId,
      agentName: "demo",
      user: "agent:demo",
      accountId: maker.id,
      tokenId: worker.tokenId,
      expiresAt,
    });
    expect(auth.recall(token)).toBe(worker);
  });

  test("is refused once the agent is gone, though another gets its name", async () => {
    const opened = await openWithWorker();
    const { gateway, auth, token, agentId } = opened;
    await auth.authenticate(token);
    await gateway.store.agent.delete({ where: { id: agentId } });
    await announce(opened, "agent:demo");
    await createAgent(opened, "demo");
    expect(auth.recall(token)).toBeUndefined();
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("is refused while its maker may not change the agent, and heard of at once by who listens", async () => {
    const opened = await openWithWorker();
    const { gateway, auth, token } = opened;
    const worker = await auth.authenticate(token);
    const heard: string[] = [];
    const stop = auth.onAccessChange(worker, () => heard.push("changed"));
    await gateway.store.roleBinding.deleteMany({ where: { subject: "ada" } });
    await announce(opened, "role-binding:some-binding");
    expect(heard).toEqual(["changed"]);
    stop();
    expect(auth.recall(token)).toBeUndefined();
    await expect(auth.refresh(worker)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(auth.recall(token)).toBeUndefined();

    await bind(gateway, "ada", "operator", "default");
    await announce(opened, "role-binding:another");
    expect(await auth.authenticate(token)).toMatchObject({ kind: "worker", agentName: "demo" });
  });

  test("stays good without any role for whoever made the agent itself", async () => {
    const opened = await openWithWorker();
    const { gateway, auth, token, agentId, maker } = opened;
    await gateway.store.roleBinding.deleteMany({ where: { subject: "ada" } });
    await gateway.store.agent.update({ where: { id: agentId }, data: { createdById: maker.id } });
    await announce(opened, "role-binding:some-binding");
    await announce(opened, "agent:demo");
    expect(await auth.authenticate(token)).toMatchObject({ kind: "worker", agentId });
  });

  test("is refused once its maker is deactivated", async () => {
    const { gateway, auth, token } = await openWithWorker();
    await auth.authenticate(token);
    await updateServiceAccount(gateway, "ada", { active: false });
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test.each([0, -1, 1.5, 30 * 86_400 + 1, Number.NaN])("is not made to last %d seconds", async (ttlSeconds) => {
    const { auth, maker, agentId } = await openWithWorker();
    const made = auth.issueWorkerToken(maker, agentId, ttlSeconds);
    await expect(made).rejects.toMatchObject({ code: "BAD_USER_INPUT", facts: { field: "ttlSeconds" } });
  });
});

test("a secret in use before still opens the door while it is configured as the previous one", async () => {
  const opened = await openWithAda();
  const { gateway, token } = opened;
  const config = { ...gateway.config, previousJwtSecret: jwtSecret };
  const renewed = createAuth({ ...gateway, config }, "another secret of at least 32 characters");
  expect(await renewed.authenticate(token)).toMatchObject({ user: "ada" });
  renewed.close();
});
