import { describe, expect, test } from "vitest";
import { commit } from "../../src/events/commit.ts";
import { login } from "../../src/domain/service-accounts/login.ts";
import { changePassword } from "../../src/domain/service-accounts/password.ts";
import {
  createServiceAccount,
  deleteServiceAccount,
  findServiceAccount,
  updateServiceAccount,
} from "../../src/domain/service-accounts/service.ts";
import { type AccountsGateway, bind, eventTypes, openWithAdministrator, principalOf } from "./support.ts";

async function openWithAda() {
  const opened = await openWithAdministrator();
  const account = await createServiceAccount(opened.gateway, opened.auth, { user: "ada", password: "lovelace" });
  return { ...opened, account };
}

const canLogin = ({ gateway, auth }: AccountsGateway, user: string, password: string) =>
  login(gateway, auth, { user, password, address: null }).then(
    () => true,
    () => false,
  );

/** Lets the log say that bindings made by hand are there. */
const announceBindings = (gateway: AccountsGateway["gateway"]) =>
  commit(gateway, ({ emit }) => emit({ stream: "role-binding:by-hand", type: "role-binding.created", payload: {} }));

describe("a service account", () => {
  test("is made active, without rights, and found by id and by user name", async () => {
    const { gateway, account } = await openWithAda();
    expect(account).toMatchObject({ user: "ada", space: null, description: null, active: true, lastLoginAt: null });
    expect(account.passwordHash).toMatch(/^\$argon2id/);
    expect(await findServiceAccount(gateway.store, account.id)).toEqual(account);
    expect(await findServiceAccount(gateway.store, account.id.toUpperCase())).toEqual(account);
    expect(await findServiceAccount(gateway.store, "ada")).toEqual(account);
    await expect(findServiceAccount(gateway.store, "nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await eventTypes(gateway)).at(-1)).toBe("service-account.created");
  });

  test("has a name of its own", async () => {
    const { gateway, auth } = await openWithAda();
    const again = createServiceAccount(gateway, auth, { user: "ada", password: "other" });
    await expect(again).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test.each(["", " ada", "agent:demo", "a/b", "550e8400-e29b-41d4-a716-446655440000", "x".repeat(129)])(
    "is not called %j",
    async (user) => {
      const { gateway, auth } = await openWithAdministrator();
      const made = createServiceAccount(gateway, auth, { user, password: "x" });
      await expect(made).rejects.toMatchObject({ code: "BAD_USER_INPUT", facts: { field: "user" } });
    },
  );

  test("keeps what a change leaves out", async () => {
    const { gateway } = await openWithAda();
    await updateServiceAccount(gateway, "ada", { description: "Mathematician", space: "production" });
    const changed = await updateServiceAccount(gateway, "ada", { space: null });
    expect(changed).toMatchObject({ description: "Mathematician", space: null, active: true });
    await expect(updateServiceAccount(gateway, "nobody", {})).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("loses its tokens the moment it is deactivated, and does not get them back", async () => {
    const opened = await openWithAda();
    const { token } = await principalOf(opened, "ada", "lovelace");
    expect(opened.auth.recall(token)).toBeDefined();

    await updateServiceAccount(opened.gateway, "ada", { active: false });
    expect(opened.auth.recall(token)).toBeUndefined();
    await expect(opened.auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await canLogin(opened, "ada", "lovelace")).toBe(false);

    await updateServiceAccount(opened.gateway, "ada", { active: true });
    await expect(opened.auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await canLogin(opened, "ada", "lovelace")).toBe(true);
  });

  test("is deleted with its tokens and bindings, so that another of its name inherits nothing", async () => {
    const opened = await openWithAda();
    const { gateway, auth } = opened;
    await bind(gateway, "ada", "admin", null);
    const { token } = await principalOf(opened, "ada", "lovelace");

    await deleteServiceAccount(gateway, "ada");
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(deleteServiceAccount(gateway, "ada")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await eventTypes(gateway)).slice(-2)).toEqual(["role-binding.deleted", "service-account.deleted"]);

    await createServiceAccount(gateway, auth, { user: "ada", password: "lovelace" });
    const { principal } = await principalOf(opened, "ada", "lovelace");
    expect(principal).toMatchObject({ grants: [], roles: [] });
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("the last active administrator", () => {
  test("can be neither deactivated nor deleted, and nothing of the try remains", async () => {
    const { gateway } = await openWithAda();
    await bind(gateway, "ada", "admin", "default");
    const before = await eventTypes(gateway);
    await expect(updateServiceAccount(gateway, "admin", { active: false })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(deleteServiceAccount(gateway, "admin")).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await findServiceAccount(gateway.store, "admin")).toMatchObject({ active: true, tokenEpoch: 0 });
    expect(await gateway.store.roleBinding.count({ where: { subject: "admin" } })).toBe(1);
    expect(await eventTypes(gateway)).toEqual(before);
  });

  test("remains when two administrators are taken away at the same time", async () => {
    const { gateway } = await openWithAda();
    await bind(gateway, "ada", "admin", null);
    const ends = await Promise.allSettled([
      updateServiceAccount(gateway, "admin", { active: false }),
      deleteServiceAccount(gateway, "ada"),
    ]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  test("may go when there is another one", async () => {
    const { gateway } = await openWithAda();
    await bind(gateway, "ada", "admin", null);
    expect(await deleteServiceAccount(gateway, "admin")).toMatchObject({ user: "admin" });
  });
});

describe("changing a password", () => {
  const change = { currentPassword: "lovelace", newPassword: "analytical" };

  test("of one's own needs the current one, and ends every token", async () => {
    const opened = await openWithAda();
    const { gateway, auth, account } = opened;
    const { token, principal } = await principalOf(opened, "ada", "lovelace");
    for (const currentPassword of [null, "", "wrong"]) {
      const refused = changePassword(gateway, auth, principal, "ada", { ...change, currentPassword });
      await expect(refused).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    await changePassword(gateway, auth, principal, account.id, change);
    await expect(auth.authenticate(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await canLogin(opened, "ada", "lovelace")).toBe(false);
    expect(await canLogin(opened, "ada", "analytical")).toBe(true);
  });

  test("of another's needs the permission, not the current one", async () => {
    const opened = await openWithAda();
    const { gateway, auth } = opened;
    const { principal: admin } = await principalOf(opened, "admin", "admin");
    await changePassword(gateway, auth, admin, "ada", { currentPassword: null, newPassword: "analytical" });
    expect(await canLogin(opened, "ada", "analytical")).toBe(true);

    const { principal } = await principalOf(opened, "ada", "analytical");
    const refused = changePassword(gateway, auth, principal, "admin", change);
    await expect(refused).rejects.toMatchObject({ code: "NOT_FOUND" });
    const missing = changePassword(gateway, auth, admin, "nobody", change);
    await expect(missing).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("does not let one become somebody who may do more", async () => {
    const opened = await openWithAda();
    const { gateway, auth } = opened;
    const times = { createdAt: gateway.now(), updatedAt: gateway.now() };
    const rules = [{ resources: ["service-accounts"], verbs: ["*"], scope: "global" }];
    await gateway.store.role.create({ data: { name: "accounts", rules, ...times } });
    await bind(gateway, "ada", "accounts", null);
    await createServiceAccount(gateway, auth, { user: "bob", password: "x" });
    const { principal } = await principalOf(opened, "ada", "lovelace");

    const refused = changePassword(gateway, auth, principal, "admin", change);
    await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await changePassword(gateway, auth, principal, "bob", change)).toMatchObject({ user: "bob" });
  });

  test.each([
    ["an agent", "agents"],
    ["a session", "sessions"],
  ] as const)("does not let one take over %s that the account made", async (_what, kind) => {
    const opened = await openWithAda();
    const { gateway, auth } = opened;
    const { store } = gateway;
    const times = { createdAt: gateway.now(), updatedAt: gateway.now() };
    const rules = [{ resources: ["service-accounts"], verbs: ["*"], scope: "global" }];
    await store.role.create({ data: { name: "accounts", rules, ...times } });
    await bind(gateway, "ada", "accounts", null);
    const bob = await createServiceAccount(gateway, auth, { user: "bob", password: "x" });
    const [id, computerId] = [gateway.newId(), gateway.newId()];
    await store.computer.create({ data: { id: computerId, space: "default", ...times } });
    const made = { id, spaceName: "default", computerId, createdById: bob.id, createdByName: "bob", ...times };
    if (kind === "agents") await store.agent.create({ data: { ...made, name: "bobs", nameKey: "bobs" } });
    else await store.session.create({ data: made });

    for (const role of [null, "developer"]) {
      if (role) await bind(gateway, "ada", role, "default"); // who may not delete what others made
      await announceBindings(gateway);
      const { principal } = await principalOf(opened, "ada", "lovelace");
      const refused = changePassword(gateway, auth, principal, "bob", change);
      await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect(await canLogin(opened, "bob", "x")).toBe(true);
    }
    await bind(gateway, "ada", "operator", "default");
    await announceBindings(gateway);
    const { principal } = await principalOf(opened, "ada", "lovelace");
    expect(await changePassword(gateway, auth, principal, "bob", change)).toMatchObject({ user: "bob" });
  });

  test("by two at once with the same current one succeeds once", async () => {
    const opened = await openWithAda();
    const { gateway, auth } = opened;
    const { principal } = await principalOf(opened, "ada", "lovelace");
    const ends = await Promise.allSettled(
      ["first", "second"].map((newPassword) =>
        changePassword(gateway, auth, principal, "ada", { ...change, newPassword }),
      ),
    );
    expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });
});
