import { describe, expect, test } from "vitest";
import { ensureFirstAdministrator } from "../../src/domain/service-accounts/first-administrator.ts";
import { login } from "../../src/domain/service-accounts/login.ts";
import { eventTypes, openAccounts } from "./support.ts";

const attempt = (password: string) => ({ user: "admin", password, address: null });

describe("a new deployment", () => {
  test("starts with the default space, the three documented roles and an administrator", async () => {
    const { gateway, auth } = await openAccounts();
    const { store } = gateway;
    expect(await ensureFirstAdministrator(gateway, auth)).toEqual({ user: "admin", generatedPassword: null });

    expect(await store.space.findMany()).toMatchObject([
      { name: "default", description: "Default space", active: true },
    ]);
    expect(await store.role.findMany({ orderBy: { name: "asc" } })).toMatchObject([
      { name: "admin", rules: [{ resources: ["*"], verbs: ["*"], scope: "global" }] },
      { name: "developer", description: "Development access without secret modification" },
      { name: "operator", description: "Session and secret management permissions" },
    ]);
    expect(await store.roleBinding.findMany()).toMatchObject([
      { id: "admin-binding", subject: "admin", roleName: "admin", space: null },
    ]);
    expect(await login(gateway, auth, attempt("admin"))).toMatchObject({ user: "admin", role: "admin" });
  });

  test("writes down each of these as an event, and no password in any", async () => {
    const { gateway, auth } = await openAccounts();
    await ensureFirstAdministrator(gateway, auth);
    expect(await eventTypes(gateway)).toEqual([
      "space.created",
      "role.created",
      "role.created",
      "role.created",
      "service-account.created",
      "role-binding.created",
    ]);
    const log = JSON.stringify((await gateway.store.event.findMany()).map(({ payload }) => payload));
    expect(log).not.toMatch(/argon2|password|tokenEpoch/i);
  });

  test("uses the configured password where there is one", async () => {
    const { gateway, auth } = await openAccounts({ RAWORC_ADMIN_PASSWORD: "chosen by the operator" });
    expect(await ensureFirstAdministrator(gateway, auth)).toMatchObject({ generatedPassword: null });
    await expect(login(gateway, auth, attempt("admin"))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await login(gateway, auth, attempt("chosen by the operator"))).toMatchObject({ role: "admin" });
  });

  test.each<Record<string, string>>([{ HOST: "0.0.0.0" }, { NODE_ENV: "production" }])(
    "makes up a password that nobody else knows, and tells it once, with %j",
    async (environment) => {
      const { gateway, auth } = await openAccounts(environment);
      const first = await ensureFirstAdministrator(gateway, auth);
      expect(first?.generatedPassword).toMatch(/^[\w-]{24}$/);
      await expect(login(gateway, auth, attempt("admin"))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      expect(await login(gateway, auth, attempt(first?.generatedPassword ?? ""))).toMatchObject({ role: "admin" });
    },
  );

  test("is made once, also by replicas that start at the same time, and not again later", async () => {
    const { gateway, auth } = await openAccounts();
    const all = await Promise.all([1, 2, 3].map(() => ensureFirstAdministrator(gateway, auth)));
    expect(all.filter((made) => made !== null)).toHaveLength(1);
    expect(await gateway.store.serviceAccount.count()).toBe(1);
    expect(await ensureFirstAdministrator(gateway, auth)).toBeNull();
    expect(await eventTypes(gateway)).toHaveLength(6);
  });
});
