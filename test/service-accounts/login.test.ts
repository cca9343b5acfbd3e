import { hash } from "@node-rs/argon2";
import { describe, expect, test, vi } from "vitest";
import { createRoleBinding } from "../../src/domain/role-bindings/service.ts";
import { login } from "../../src/domain/service-accounts/login.ts";
import { createServiceAccount, updateServiceAccount } from "../../src/domain/service-accounts/service.ts";
import { bind, openWithAdministrator, principalOf } from "./support.ts";

const address = "192.0.2.1";
const ada = { user: "ada", password: "lovelace" };

async function openWithAda(environment?: Record<string, string>) {
  const opened = await openWithAdministrator(environment);
  await createServiceAccount(opened.gateway, opened.auth, ada);
  return opened;
}

describe("logging in", () => {
  test("gives a token for a day that says who it is, and remembers when", async () => {
    const { gateway, auth, clock } = await openWithAda();
    const answer = await login(gateway, auth, { ...ada, address });
    expect(answer).toMatchObject({ user: "ada", role: "user", expiresAt: new Date("2025-01-02T12:00:00Z") });
    expect(await auth.authenticate(`Bearer ${answer.token}`)).toMatchObject({
      kind: "account",
      user: "ada",
      grants: [],
    });
    const account = await gateway.store.serviceAccount.findUnique({ where: { user: "ada" } });
    expect(account?.lastLoginAt).toEqual(clock.now);
    const events = await gateway.store.event.findMany({ where: { actor: "ada" } });
    expect(events).toMatchObject([{ type: "service-account.logged-in", stream: `service-account:${account?.id}` }]);
  });

  test("leaves alone who is logged in already: what they may do is not looked at again", async () => {
    const { gateway, auth } = await openWithAda();
    const before = await auth.authenticate((await login(gateway, auth, { ...ada, address })).token);
    const looked = vi.fn<() => void>();
    const stop = auth.onAccessChange(before, looked);
    const after = await auth.authenticate((await login(gateway, auth, { ...ada, address })).token);
    expect(looked).not.toHaveBeenCalled();
    if (before.kind !== "account" || after.kind !== "account") throw new Error("accounts log in");
    expect(after.grants).toBe(before.grants);
    stop();
  });

  test("says `admin` only to those whom a global binding grants everything", async () => {
    const opened = await openWithAda();
    const { gateway, auth } = opened;
    await bind(gateway, "ada", "admin", "default");
    expect(await login(gateway, auth, { ...ada, address })).toMatchObject({ role: "user" });
    const { principal } = await principalOf(opened, "admin", "admin");
    await createRoleBinding(gateway, principal, { subject: "ada", role: "admin" });
    expect(await login(gateway, auth, { ...ada, address })).toMatchObject({ role: "admin" });
  });

  test("says so when a name is one that no account can have", async () => {
    const { gateway, auth } = await openWithAda();
    for (const user of ["", "ad\0a", "ad\ud800a"]) {
      await expect(login(gateway, auth, { user, password: "lovelace", address })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        facts: { field: "user" },
      });
    }
  });

  test("refuses a wrong password, an unknown user and an inactive account alike, after the same work", async () => {
    const { gateway, auth } = await openWithAda();
    await createServiceAccount(gateway, auth, { user: "gone", password: "right", active: false });
    const refusals = [];
    for (const [user, password] of [
      ["ada", "wrong"],
      ["nobody", "wrong"],
      ["gone", "right"],
    ] as const) {
      const before = auth.passwords.load().computed;
      const refusal: unknown = await login(gateway, auth, { user, password, address }).catch((error: unknown) => error);
      refusals.push({ refusal, work: auth.passwords.load().computed - before });
    }
    expect(refusals[0]).toMatchObject({ refusal: { code: "UNAUTHENTICATED" }, work: 1 });
    expect(refusals[1]).toEqual(refusals[0]);
    expect(refusals[2]).toEqual(refusals[0]);
  });

  test("needs both a user name and a password", async () => {
    const { gateway, auth } = await openWithAda();
    for (const [user, password, field] of [
      ["", "x", "user"],
      ["ada", "", "password"],
    ] as const) {
      await expect(login(gateway, auth, { user, password, address })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        facts: { field },
      });
    }
  });

  test("is refused after too many failures, though the password be right, and however many are tried at once", async () => {
    const { gateway, auth } = await openWithAda({ RAWORC_MAX_LOGINS_PER_MINUTE: "4" });
    const before = auth.passwords.load().computed;
    const guess = () =>
      login(gateway, auth, { user: "ada", password: "wrong", address }).catch((error: unknown) => error);
    await Promise.all(Array.from({ length: 30 }, guess));
    expect(auth.passwords.load().computed - before).toBeLessThanOrEqual(4 + 2);
    await expect(login(gateway, auth, { ...ada, address: "192.0.2.2" })).rejects.toMatchObject({
      code: "RATE_LIMITED",
    });
  });

  test("that succeeds costs nothing, however often", async () => {
    const { gateway, auth } = await openWithAda({ RAWORC_MAX_LOGINS_PER_MINUTE: "2" });
    const all = await Promise.all(Array.from({ length: 6 }, () => login(gateway, auth, { ...ada, address })));
    expect(all).toHaveLength(6);
  });

  test("renews a hash that was made with other parameters", async () => {
    const { gateway, auth } = await openWithAda();
    const passwordHash = await hash(ada.password, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await gateway.store.serviceAccount.update({ where: { user: "ada" }, data: { passwordHash } });
    await login(gateway, auth, { ...ada, address });
    const renewed = await gateway.store.serviceAccount.findUniqueOrThrow({ where: { user: "ada" } });
    expect(auth.passwords.isOutdated(renewed.passwordHash)).toBe(false);
    expect(await login(gateway, auth, { ...ada, address })).toMatchObject({ user: "ada" });
  });

  test("gives no token to an account that is deactivated while its password is compared", async () => {
    const { gateway, auth } = await openWithAda();
    const turn = Promise.withResolvers<void>();
    const others = Array.from({ length: 3 }, () => auth.passwords.verify(null, "x", () => turn.promise));
    const pending = login(gateway, auth, { ...ada, address });
    const inHand = () => auth.passwords.load().running + auth.passwords.load().waiting;
    await expect.poll(inHand).toBe(others.length + 1);
    await updateServiceAccount(gateway, "ada", { active: false });
    turn.resolve();
    await expect(pending).rejects.toMatchObject({ code: "UNAUTHENTICATED", message: "User name or password is wrong" });
    await Promise.all(others);
    expect(await gateway.store.serviceAccount.findUnique({ where: { user: "ada" } })).toMatchObject({
      lastLoginAt: null,
    });
  });

  test("to an inactive account counts as a failure even with the right password", async () => {
    const { gateway, auth } = await openWithAda({ RAWORC_MAX_LOGINS_PER_MINUTE: "1" });
    await updateServiceAccount(gateway, "ada", { active: false });
    const codes = [];
    for (const _turn of [1, 2]) {
      codes.push(await login(gateway, auth, { ...ada, address }).catch((error: { code: string }) => error.code));
    }
    expect(codes).toEqual(["UNAUTHENTICATED", "RATE_LIMITED"]);
  });
});
