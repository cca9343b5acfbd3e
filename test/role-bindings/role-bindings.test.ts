import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, createAgent, createSpace, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket } from "../support/live.ts";

const fields = "id subject roleName role { name } space createdAt updatedAt";
const get = `query ($id: ID!) { roleBinding(id: $id) { ${fields} } }`;
const list = `query { roleBindings { nodes { subject role { name } } totalCount } }`;
const create = `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { ${fields} } }`;
const remove = `mutation ($id: ID!) { deleteRoleBinding(id: $id) { id } }`;
const createRole = `mutation ($name: String!, $rules: [RuleInput!]!) {
  createRole(input: { name: $name, rules: $rules }) { name }
}`;

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let plain: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  plain = await accountToken(gateway, "plain");
  await createSpace(gateway, "staging");
  await createAgent(gateway, "inside", { space: "staging" });
});
afterAll(() => gateway.stop());

const bind = async (input: object, token?: string) => (await gateway.data(create, { input }, token)).createRoleBinding;
const seeAgent = (token: string) => gateway.graphql(`{ agent(name: "inside") { name } }`, {}, token);

describe("a binding", () => {
  test("gives an account a role in a space from its next call on, and its end takes it away at once", async () => {
    const token = await accountToken(gateway, "api-user");
    expect((await seeAgent(token)).errors?.[0]?.extensions.code).toBe("NOT_FOUND");

    const binding = await bind({ subject: "api-user", role: "developer", space: "staging" });
    expect(binding).toMatchObject({ subject: "api-user", role: { name: "developer" }, space: "staging" });
    expect((await gateway.data(get, { id: binding.id })).roleBinding).toEqual(binding);
    expect((await seeAgent(token)).errors).toBeUndefined();

    const query = `subscription { agentChanged(name: "inside") { name } }`;
    const watching = overSocket(gateway, { query, token });
    await watching.next();
    await gateway.data(remove, { id: binding.id });
    await expect(watching.next()).rejects.toMatchObject({ code: 4403 });
    expect((await seeAgent(token)).errors?.[0]?.extensions.code).toBe("NOT_FOUND");
    expect(await refusalOf(gateway, get, { id: binding.id })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("names an account by its id as well, and is there once", async () => {
    await accountToken(gateway, "twice");
    const { serviceAccount } = await gateway.data(`{ serviceAccount(id: "twice") { id } }`);
    const input = { subject: serviceAccount.id, role: "developer" };
    expect(await bind(input)).toMatchObject({ subject: "twice", space: null });
    expect(await refusalOf(gateway, create, { input })).toMatchObject({ code: "CONFLICT" });
    expect(await bind({ ...input, space: "staging" })).toMatchObject({ space: "staging" });
  });

  test("needs an account, a role and a space that are there", async () => {
    const input = { subject: "plain", role: "developer", space: "staging" };
    for (const wrong of [{ subject: "nobody" }, { role: "nothing" }, { space: "nowhere" }]) {
      const refused = await refusalOf(gateway, create, { input: { ...input, ...wrong } });
      expect(refused).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

describe("the last administrator", () => {
  test("keeps the binding that makes them one, also when two are taken away at once", async () => {
    expect(await refusalOf(gateway, remove, { id: "admin-binding" })).toMatchObject({ code: "CONFLICT" });
    expect((await gateway.data(get, { id: "admin-binding" })).roleBinding.subject).toBe("admin");

    await accountToken(gateway, "second");
    const { id } = await bind({ subject: "second", role: "admin" });
    const ends = await Promise.all(["admin-binding", id].map((one) => gateway.graphql(remove, { id: one })));
    expect(ends.filter(({ errors }) => errors).length).toBe(1);
    expect(await gateway.gateway.store.roleBinding.count({ where: { roleName: "admin" } })).toBe(1);
  });
});

describe("somebody", () => {
  test("without a role sees no binding and makes none", async () => {
    const input = { subject: "plain", role: "developer" };
    expect(await refusalOf(gateway, list, {}, plain)).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(gateway, create, { input }, plain)).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(gateway, list, {}, null)).toMatchObject({ code: "UNAUTHENTICATED" });
    for (const document of [get, remove]) {
      const { errors: hidden } = await gateway.graphql(document, { id: "admin-binding" }, plain);
      const { errors: missing } = await gateway.graphql(document, { id: "nobody" }, plain);
      expect(hidden?.[0]?.message.replace("admin-binding", "nobody")).toBe(missing?.[0]?.message);
      expect(missing?.[0]?.extensions.code).toBe("NOT_FOUND");
    }
  });

  test("who may make bindings gives nobody, themselves included, more than they hold where they hold it", async () => {
    const world = await startTestGateway();
    await createSpace(world, "staging");
    const rules = [{ resources: ["role-bindings"], verbs: ["*"] }];
    await world.data(createRole, { name: "binder", rules });
    const token = await accountToken(world, "binder", "binder");
    await world.data(create, { input: { subject: "binder", role: "developer", space: "staging" } });
    const input = { subject: "binder", role: "developer" };
    for (const wrong of [
      { role: "admin" },
      { role: "admin", space: "staging" },
      { role: "operator", space: "staging" },
      {},
    ]) {
      expect(await refusalOf(world, create, { input: { ...input, ...wrong } }, token)).toMatchObject({
        code: "FORBIDDEN",
      });
    }
    const granted = { subject: "admin", role: "developer", space: "staging" };
    expect((await world.graphql(create, { input: granted }, token)).errors).toBeUndefined();
    const { roleBindings } = await world.data(list, {}, token);
    expect(roleBindings.nodes).toContainEqual({ subject: "admin", role: null });
    await world.stop();
  });
});
