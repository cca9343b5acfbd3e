import { hash } from "@node-rs/argon2";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { ensureFirstAdministrator } from "../../src/domain/service-accounts/first-administrator.ts";
import { login } from "../../src/domain/service-accounts/login.ts";
import { changePassword } from "../../src/domain/service-accounts/password.ts";
import { type AccountsGateway, eventTypes, openAccounts, openWithAdministrator, principalOf } from "./support.ts";

const attempt = (password: string) => ({ user: "admin", password, address: null });

type Environment = Readonly<Record<string, string>>;
const exposed: readonly Environment[] = [{ HOST: "0.0.0.0" }, { NODE_ENV: "production" }];

describe("a new deployment", () => {
  test("starts with the default space, the three documented roles and an administrator", async () => {
    const { gateway, auth } = await openAccounts();
    const { store } = gateway;
    expect(await ensureFirstAdministrator(gateway, auth)).toEqual({
      user: "admin",
      generatedPassword: null,
      replacedDefault: false,
    });

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

  test.each(exposed)("makes up a password that nobody else knows, and tells it once, with %j", async (environment) => {
    const { gateway, auth } = await openAccounts(environment);
    const first = await ensureFirstAdministrator(gateway, auth);
    expect(first?.generatedPassword).toMatch(/^[\w-]{24}$/);
    await expect(login(gateway, auth, attempt("admin"))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await login(gateway, auth, attempt(first?.generatedPassword ?? ""))).toMatchObject({ role: "admin" });
  });

  test("is made once, also by replicas that start at the same time, and not again later", async () => {
    const { gateway, auth } = await openAccounts();
    const all = await Promise.all([1, 2, 3].map(() => ensureFirstAdministrator(gateway, auth)));
    expect(all.filter((made) => made !== null)).toHaveLength(1);
    expect(await gateway.store.serviceAccount.count()).toBe(1);
    expect(await ensureFirstAdministrator(gateway, auth)).toBeNull();
    expect(await eventTypes(gateway)).toHaveLength(6);
  });
});

describe("a deployment that still has the default password", () => {
  const refused = { code: "UNAUTHENTICATED" };

  /** What a start with other settings does, on the same database. */
  const startAgain = ({ gateway, auth }: AccountsGateway, environment: Environment) =>
    ensureFirstAdministrator({ ...gateway, config: readConfig({ ...environment }) }, auth);

  const keptHash = async ({ gateway }: AccountsGateway) =>
    (await gateway.store.serviceAccount.findUniqueOrThrow({ where: { user: "admin" } })).passwordHash;

  test.each(exposed)("gets one that nobody else knows, told once, when it is started with %j", async (environment) => {
    const opened = await openWithAdministrator();
    const { gateway, auth } = opened;
    const made = await startAgain(opened, environment);
    expect(made).toMatchObject({ user: "admin", replacedDefault: true });
    expect(made?.generatedPassword).toMatch(/^[\w-]{24}$/);
    await expect(login(gateway, auth, attempt("admin"))).rejects.toMatchObject(refused);
    expect(await login(gateway, auth, attempt(made?.generatedPassword ?? ""))).toMatchObject({ role: "admin" });
    expect(await startAgain(opened, environment)).toBeNull();
    expect(await login(gateway, auth, attempt(made?.generatedPassword ?? ""))).toMatchObject({ role: "admin" });
  });

  test.each([...exposed, {}])("gets the operator's where there is one, also with %j", async (environment) => {
    const opened = await openWithAdministrator();
    const chosen = { ...environment, RAWORC_ADMIN_PASSWORD: "chosen by the operator" };
    expect(await startAgain(opened, chosen)).toEqual({
      user: "admin",
      generatedPassword: null,
      replacedDefault: true,
    });
    await expect(login(opened.gateway, opened.auth, attempt("admin"))).rejects.toMatchObject(refused);
    expect(await login(opened.gateway, opened.auth, attempt("chosen by the operator"))).toMatchObject({
      role: "admin",
    });
    expect(await startAgain(opened, { ...chosen, RAWORC_ADMIN_PASSWORD: "chosen later" })).toBeNull();
    await expect(login(opened.gateway, opened.auth, attempt("chosen later"))).rejects.toMatchObject(refused);
  });

  test("lets nobody stay who logged in with it, and writes the change down as any other", async () => {
    const opened = await openWithAdministrator();
    const { token } = await principalOf(opened, "admin", "admin");
    await startAgain(opened, { NODE_ENV: "production" });
    await expect(opened.auth.authenticate(token)).rejects.toMatchObject(refused);
    const [changed, ...more] = await opened.gateway.store.event.findMany({
      where: { type: "service-account.changed" },
    });
    expect(more).toEqual([]);
    expect(changed).toMatchObject({ actor: null, stream: expect.stringMatching(/^service-account:/) });
    expect(JSON.stringify(changed?.payload)).not.toMatch(/argon2|password|tokenEpoch/i);
  });

  test("gets one by one of the replicas that start at the same time, and only that one tells it", async () => {
    const opened = await openWithAdministrator();
    const all = await Promise.all([1, 2, 3].map(() => startAgain(opened, { NODE_ENV: "production" })));
    const [made, ...others] = all.filter((each) => each !== null);
    expect(others).toEqual([]);
    expect(await login(opened.gateway, opened.auth, attempt(made?.generatedPassword ?? ""))).toMatchObject({
      role: "admin",
    });
    expect((await eventTypes(opened.gateway)).filter((type) => type === "service-account.changed")).toHaveLength(1);
  });

  test("gets one also when a login elsewhere renews the hash of the old one meanwhile", async () => {
    const opened = await openWithAdministrator();
    const { gateway, auth } = opened;
    const older = await hash("admin", { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    await gateway.store.serviceAccount.update({ where: { user: "admin" }, data: { passwordHash: older } });
    const meanwhile = async (password: string) => {
      if ((await keptHash(opened)) === older) await login(gateway, auth, attempt("admin"));
      return auth.passwords.hash(password);
    };
    const interrupted = { passwords: { ...auth.passwords, hash: meanwhile } };
    const production = { ...gateway, config: readConfig({ NODE_ENV: "production" }) };
    expect(await ensureFirstAdministrator(production, interrupted)).toMatchObject({ replacedDefault: true });
    await expect(login(gateway, auth, attempt("admin"))).rejects.toMatchObject(refused);
  });

  test.each<Environment>([{}, { NODE_ENV: "production", RAWORC_ADMIN_PASSWORD: "admin" }])(
    "keeps it where a first start would give it too, with %j",
    async (environment) => {
      const opened = await openWithAdministrator();
      const { token } = await principalOf(opened, "admin", "admin");
      expect(await startAgain(opened, environment)).toBeNull();
      expect(await opened.auth.authenticate(token)).toMatchObject({ user: "admin" });
    },
  );

  test("is not mistaken for one whose administrator chose a password, or was deactivated or deleted", async () => {
    const production = { NODE_ENV: "production", RAWORC_ADMIN_PASSWORD: "chosen by the operator" };
    const opened = await openWithAdministrator();
    const { gateway, auth } = opened;
    const { principal } = await principalOf(opened, "admin", "admin");
    await changePassword(gateway, auth, principal, "admin", { currentPassword: "admin", newPassword: "my own" });
    expect(await startAgain(opened, production)).toBeNull();
    expect(await login(gateway, auth, attempt("my own"))).toMatchObject({ role: "admin" });

    const passwordHash = await auth.passwords.hash("admin");
    const { serviceAccount } = gateway.store;
    await serviceAccount.update({ where: { user: "admin" }, data: { passwordHash, active: false } });
    expect(await startAgain(opened, production)).toBeNull();
    expect(await keptHash(opened)).toBe(passwordHash);
    await serviceAccount.update({ where: { user: "admin" }, data: { user: "somebody", active: true } });
    expect(await startAgain(opened, production)).toBeNull();
  });
});
