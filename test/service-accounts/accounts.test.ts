import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const fields = "id user space description active createdAt updatedAt lastLoginAt";
const get = `query ($id: ID!) { serviceAccount(id: $id) { ${fields} } }`;
const list = `query ($first: Int, $after: String) {
  serviceAccounts(first: $first, after: $after) { nodes { user } totalCount pageInfo { hasNextPage endCursor } }
}`;
const create = `mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) { ${fields} } }`;
const update = `mutation ($id: ID!, $input: UpdateServiceAccountInput!) {
  updateServiceAccount(id: $id, input: $input) { ${fields} }
}`;
const remove = `mutation ($id: ID!) { deleteServiceAccount(id: $id) { id user } }`;
const change = `mutation ($id: ID!, $to: String!, $from: String) {
  changePassword(id: $id, newPassword: $to, currentPassword: $from) { user }
}`;

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let plain: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  plain = await accountToken(gateway, "plain");
});
afterAll(() => gateway.stop());

const make = async (user: string) =>
  (await gateway.data(create, { input: { user, password: "first password", description: "API access" } }))
    .createServiceAccount;
const login = (user: string, password: string) =>
  gateway.graphql(
    `mutation ($user: String!, $password: String!) { login(user: $user, password: $password) { token } }`,
    {
      user,
      password,
    },
  );

describe("an account in GraphQL", () => {
  test("is made, found by id and by user name, and listed in the order of making", async () => {
    const account = await make("api-user");
    expect(account).toMatchObject({ user: "api-user", space: null, active: true, lastLoginAt: null });
    expect((await gateway.data(get, { id: account.id })).serviceAccount).toEqual(account);
    expect((await gateway.data(get, { id: "api-user" })).serviceAccount).toEqual(account);

    const { serviceAccounts: first } = await gateway.data(list, { first: 2 });
    const { serviceAccounts: rest } = await gateway.data(list, { after: first.pageInfo.endCursor });
    const users: string[] = [...first.nodes, ...rest.nodes].map(({ user }) => user);
    expect(users.toSorted()).toEqual(["admin", "api-user", "plain"]);
    expect([first.totalCount, first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([3, true, false]);
  });

  test("keeps what a change leaves out, and loses what a change clears", async () => {
    await make("changing");
    const changed = (await gateway.data(update, { id: "changing", input: { space: "production" } }))
      .updateServiceAccount;
    expect(changed).toMatchObject({ space: "production", description: "API access", active: true });
    const input = { description: null, active: null };
    const cleared = (await gateway.data(update, { id: "changing", input })).updateServiceAccount;
    expect(cleared).toMatchObject({ space: "production", description: null, active: true });
  });

  test("cannot log in while it is not active", async () => {
    await make("resting");
    await gateway.data(update, { id: "resting", input: { active: false } });
    expect((await login("resting", "first password")).errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
    await gateway.data(update, { id: "resting", input: { active: true } });
    expect((await login("resting", "first password")).errors).toBeUndefined();
  });

  test("is gone when it is deleted, and says who it was", async () => {
    const { id } = await make("leaving");
    expect(await gateway.data(remove, { id })).toEqual({ deleteServiceAccount: { id, user: "leaving" } });
    expect(await refusalOf(gateway, get, { id })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("has a name that nobody else has, a password, and text that can be stored", async () => {
    const input = { user: "plain", password: "x" };
    expect(await refusalOf(gateway, create, { input })).toMatchObject({ code: "CONFLICT" });
    for (const wrong of [{ user: "a b" }, { password: "" }, { description: "a\0b" }, { space: "\ud800" }]) {
      const [field] = Object.keys(wrong);
      const refused = await refusalOf(gateway, create, { input: { ...input, user: "fresh", ...wrong } });
      expect(refused).toMatchObject({ code: "BAD_USER_INPUT", field });
    }
    const long = { id: "plain", input: { description: "x".repeat(10_001) } };
    expect(await refusalOf(gateway, update, long)).toMatchObject({ code: "BAD_USER_INPUT", field: "description" });
  });
});

describe("somebody without a role", () => {
  test("sees their own account and no other, which looks missing", async () => {
    const { serviceAccount } = await gateway.data(get, { id: "plain" }, plain);
    expect(serviceAccount.user).toBe("plain");
    const { errors: hidden } = await gateway.graphql(get, { id: "admin" }, plain);
    const { errors: missing } = await gateway.graphql(get, { id: "nobody" }, plain);
    expect(hidden?.[0]?.message.replace("admin", "nobody")).toBe(missing?.[0]?.message);
    expect(missing?.[0]?.extensions.code).toBe("NOT_FOUND");
  });

  test("may neither list nor make accounts, nor change or delete their own", async () => {
    const input = { user: "fresh", password: "x" };
    for (const [document, variables] of [
      [list, {}],
      [create, { input }],
      [update, { id: "plain", input: { description: "mine" } }],
      [remove, { id: "plain" }],
    ] as const) {
      expect(await refusalOf(gateway, document, variables, plain)).toMatchObject({ code: "FORBIDDEN" });
      expect(await refusalOf(gateway, document, variables, null)).toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  test("changes their own password with the present one, and learns no name by trying others'", async () => {
    await make("careful");
    const { token } = (await login("careful", "first password")).data.login;
    const wrong = { id: "careful", from: "guess", to: "second password" };
    expect(await refusalOf(gateway, change, wrong, token)).toMatchObject({ code: "UNAUTHENTICATED" });
    await gateway.data(change, { ...wrong, from: "first password" }, token);
    expect(await refusalOf(gateway, get, { id: "careful" }, token)).toMatchObject({ code: "UNAUTHENTICATED" });
    expect((await login("careful", "second password")).errors).toBeUndefined();

    const { id } = (await gateway.data(get, { id: "careful" })).serviceAccount;
    const { errors } = await gateway.graphql(change, { id, to: "x" }, plain);
    expect(errors?.[0]?.message).toBe(`Service account "${id}" was not found`);
  });
});

describe("a worker's token", () => {
  test("reaches no account", async () => {
    await gateway.data(`mutation { createAgent(input: { name: "demo", engine: EXTERNAL }) { name } }`);
    const { createAgentToken } = await gateway.data(`mutation { createAgentToken(name: "demo") { token } }`);
    expect(await refusalOf(gateway, get, { id: "admin" }, createAgentToken.token)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refusalOf(gateway, list, {}, createAgentToken.token)).toMatchObject({ code: "FORBIDDEN" });
  });
});
