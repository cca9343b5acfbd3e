import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const fields = "name description rules { resources verbs scope apiGroups resourceNames }";
const get = `query ($name: ID!) { role(name: $name) { ${fields} } }`;
const list = `query ($first: Int, $after: String) {
  roles(first: $first, after: $after) { nodes { name } totalCount pageInfo { endCursor } }
}`;
const create = `mutation ($input: CreateRoleInput!) { createRole(input: $input) { ${fields} } }`;
const remove = `mutation ($name: ID!) { deleteRole(name: $name) { name } }`;

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let plain: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  plain = await accountToken(gateway, "plain");
});
afterAll(() => gateway.stop());

const rule = { resources: ["agents"], verbs: ["read", "list"] };
const make = (name: string, rules: readonly object[] = [rule], token?: string) =>
  gateway.data(create, { input: { name, rules } }, token);

describe("a role", () => {
  test("is made with its rules in the words they were written in, and a scope", async () => {
    const rules = [rule, { resources: ["roles"], verbs: ["*"], apiGroups: [""], resourceNames: ["one"] }];
    const { createRole: role } = await make("reader", rules);
    expect(role).toEqual({
      name: "reader",
      description: null,
      rules: [
        { ...rule, scope: "SPACE", apiGroups: null, resourceNames: null },
        { ...rules[1], scope: "GLOBAL" },
      ],
    });
    expect((await gateway.data(get, { name: "reader" })).role).toEqual(role);
  });

  test("is listed after the built-in ones, page by page", async () => {
    await gateway.clock.advance(1);
    await make("last");
    const { roles: first } = await gateway.data(list, { first: 3 });
    const { roles: rest } = await gateway.data(list, { after: first.pageInfo.endCursor });
    expect(first.nodes).toEqual([{ name: "admin" }, { name: "developer" }, { name: "operator" }]);
    expect(rest.nodes.at(-1)).toEqual({ name: "last" });
    expect(first.totalCount).toBe(3 + rest.nodes.length);
  });

  test("has a name of its own, and rules that mean something", async () => {
    expect(await refusalOf(gateway, create, { input: { name: "admin", rules: [rule] } })).toMatchObject({
      code: "CONFLICT",
    });
    for (const name of ["", " a", "a/b", "x".repeat(129)]) {
      const refused = await refusalOf(gateway, create, { input: { name, rules: [rule] } });
      expect(refused).toMatchObject({ code: "BAD_USER_INPUT", field: "name" });
    }
    for (const wrong of [
      { verbs: [] },
      { resources: [""] },
      { resources: ["a\0"] },
      { resourceNames: ["x".repeat(254)] },
    ]) {
      const refused = await refusalOf(gateway, create, { input: { name: "fresh", rules: [{ ...rule, ...wrong }] } });
      expect(refused).toMatchObject({ code: "BAD_USER_INPUT", field: "rules" });
    }
  });

  test("goes with its bindings, and whoever had it may do no more from their next call on", async () => {
    await make("passing", [{ resources: ["roles"], verbs: ["list"] }]);
    const token = await accountToken(gateway, "holder", "passing");
    expect((await gateway.graphql(list, {}, token)).errors).toBeUndefined();

    await gateway.data(remove, { name: "passing" });
    expect(await refusalOf(gateway, list, {}, token)).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(gateway, get, { name: "passing" })).toMatchObject({ code: "NOT_FOUND" });
    const { store } = gateway.gateway;
    expect(await store.roleBinding.count({ where: { subject: "holder" } })).toBe(0);
    const events = await store.event.findMany({ orderBy: { id: "desc" }, take: 2 });
    expect(events.map(({ type }) => type).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "role-binding.deleted",
      "role.deleted",
    ]);
  });
});

describe("the role of administrators", () => {
  test("cannot be deleted", async () => {
    expect(await refusalOf(gateway, remove, { name: "admin" })).toMatchObject({ code: "CONFLICT" });
  });

  test("nor can another one by which the last administrator holds everything", async () => {
    const world = await startTestGateway();
    await world.data(create, { input: { name: "root", rules: [{ resources: ["*"], verbs: ["*"] }] } });
    await world.gateway.store.roleBinding.updateMany({ data: { roleName: "root" } });
    expect(await refusalOf(world, remove, { name: "root" })).toMatchObject({ code: "CONFLICT" });
    expect((await world.data(get, { name: "root" })).role.name).toBe("root");
    expect(await world.gateway.store.roleBinding.count()).toBe(1);
    await world.stop();
  });
});

describe("somebody", () => {
  test("without a role sees none and makes none", async () => {
    expect(await refusalOf(gateway, list, {}, plain)).toMatchObject({ code: "FORBIDDEN" });
    const input = { name: "mine", rules: [rule] };
    expect(await refusalOf(gateway, create, { input }, plain)).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(gateway, create, { input }, null)).toMatchObject({ code: "UNAUTHENTICATED" });
    for (const document of [get, remove]) {
      const { errors: hidden } = await gateway.graphql(document, { name: "admin" }, plain);
      const { errors: missing } = await gateway.graphql(document, { name: "nobody" }, plain);
      expect(hidden?.[0]?.message.replace("admin", "nobody")).toBe(missing?.[0]?.message);
      expect(missing?.[0]?.extensions.code).toBe("NOT_FOUND");
    }
  });

  test("who may make roles gives none more than they hold", async () => {
    await make("role-maker", [
      { resources: ["roles"], verbs: ["*"] },
      { resources: ["agents"], verbs: ["get"] },
    ]);
    const maker = await accountToken(gateway, "maker", "role-maker");
    await make("small", [{ resources: ["agents"], verbs: ["read"] }], maker);
    for (const verbs of [["delete"], ["get", "list"], ["*"]]) {
      const input = { name: "large", rules: [{ resources: ["agents"], verbs }] };
      expect(await refusalOf(gateway, create, { input }, maker)).toMatchObject({ code: "FORBIDDEN" });
    }
  });
});

describe("asking what one may do", () => {
  test.each([
    ["verb", { verb: "destroy", resource: "agents" }, "get, list, create, update, delete, read-values, egress, report"],
    [
      "resource",
      { verb: "get", resource: "computers" },
      "agents, responses, builds, files, sessions, messages, spaces",
    ],
  ])("names every %s there is when it is asked for another", async (field, asked, known) => {
    const can = `query ($verb: String!, $resource: String!) { can(verb: $verb, resource: $resource) }`;
    const { errors } = await gateway.graphql(can, asked, plain);
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field });
    expect(errors?.[0]?.message).toContain(`"${field}" must be one of ${known}`);
  });
});
