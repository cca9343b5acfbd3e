import { getNamedType, isObjectType, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operationIn } from "../../src/graphql/compile.ts";
import { outlineOf } from "../../src/graphql/outline.ts";
import { isRemembered } from "../../src/graphql/row-selection.ts";
import { schema } from "../../src/graphql/schema.ts";
import { routes } from "../../src/rest/routes.ts";
import { createAgent } from "../support/agents.ts";
import { createServiceAccount } from "../../src/domain/service-accounts/service.ts";
import { startTestGateway } from "../support/gateway.ts";

const outlineIn = (text: string) => {
  const operation = operationIn(parse(text), null);
  return operation && outlineOf(operation, schema);
};

describe("what is selected of rows is written once", () => {
  test.each([
    "query ($name: ID!) { agent(name: $name) { name tags publishPermissions { code } sleepsAt __typename } }",
    "{ agents(first: 5) { nodes { ...A } totalCount pageInfo { endCursor } } } fragment A on Agent { name ...B } fragment B on Agent { state }",
    "{ agents { edges { cursor node { ... on Agent { name } ... { state } } } } }",
    "{ spaces { nodes { name settings } } }",
  ])("when the row alone tells it: %s", (text) => expect(outlineIn(text)).not.toBeNull());

  test.each([
    ["what others may not see", "{ agents { nodes { name secretNames } } }"],
    ["what is read from elsewhere", "{ agents { nodes { name computer { phase } } } }"],
    ["what the time has a part in", "{ agents { nodes { runtime { totalSeconds } } } }"],
    ["what is asked on a condition", "query ($yes: Boolean!) { agents { nodes { name @include(if: $yes) } } }"],
    ["rows on a condition", "query ($yes: Boolean!) { agents { nodes @include(if: $yes) { name } } }"],
    ["rows by two ways", "{ agents { nodes { name } edges { node { name } } } }"],
    ["two things", "{ agents { nodes { name } } version { api } }"],
    ["what a fragment leads to", "{ agents { ...Page } } fragment Page on AgentConnection { nodes { name } }"],
    ["rows that are not remembered", "{ serviceAccounts { nodes { user } } }"],
    ["what changes something", `mutation { setAgentIdle(name: "a") { name } }`],
    ["what the schema says of itself", "{ __schema { queryType { name } } }"],
  ])("but not %s", (_title, text) => expect(outlineIn(text)).toBeNull());

  test("by no route that looks at what it was sent", () => {
    const kept = routes.filter(({ document }) => outlineIn(document));
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.filter(({ present }) => present.of === "input")).toEqual([]);
  });

  test("by what a field gets of nothing but its row", () => {
    const told = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && isRemembered(type)
        ? Object.values(type.getFields()).filter((field) => field.extensions["isToldByRow"] === true)
        : [],
    );
    expect(told.map(({ name }) => name).toSorted()).toEqual(["publishPermissions", "sleepsAt", "tags"]);
    const types = told.map(({ type }) => getNamedType(type));
    expect(types.filter((type) => isObjectType(type) && isRemembered(type))).toEqual([]);
  });
});

describe("an answer that was written before", () => {
  let gateway: Awaited<ReturnType<typeof startTestGateway>>;
  beforeAll(async () => {
    gateway = await startTestGateway();
    await createAgent(gateway, "written");
  });
  afterAll(() => gateway.stop());

  const document = "query ($name: ID!) { agent(name: $name) { name description state tags metadata } }";
  const overGraphql = async () => (await gateway.data(document, { name: "written" })).agent;
  const overRest = async (path: string) => {
    const headers = { authorization: `Bearer ${gateway.adminToken}` };
    const answer = await fetch(`${gateway.url}/api/v0/${path}`, { headers });
    return { tag: answer.headers.get("etag"), body: await answer.json() };
  };
  const change = (description: string) =>
    gateway.data('mutation ($input: UpdateAgentInput!) { updateAgent(name: "written", input: $input) { name } }', {
      input: { description },
    });

  test("is what is true after every change", async () => {
    const tags = new Set<string | null>();
    for (const description of ["one", `"two" \u2028 \\`, "three", "four", "five"]) {
      await change(description);
      for (let time = 0; time < 3; time++) {
        expect(await overGraphql()).toMatchObject({ name: "written", description });
        const { tag, body } = await overRest("agents/written");
        expect(body).toMatchObject({ name: "written", description, state: expect.stringMatching(/^[a-z]+$/) });
        expect((await overRest("agents")).body).toEqual([body]);
        tags.add(tag);
      }
    }
    expect(tags.size).toBe(5);
  });

  test("is shown to nobody who may not see the row", async () => {
    await createServiceAccount(gateway.gateway, gateway.auth, { user: "stranger", password: "a password" });
    const { login } = await gateway.data(`mutation { login(user: "stranger", password: "a password") { token } }`);
    for (let time = 0; time < 3; time++) {
      expect(await overGraphql()).toMatchObject({ name: "written" });
      const { errors } = await gateway.graphql(document, { name: "written" }, login.token);
      expect(errors?.[0]?.extensions.code).toBe("NOT_FOUND");
      expect((await gateway.data("{ agents { nodes { name } } }", {}, login.token)).agents.nodes).toEqual([]);
    }
  });
});
