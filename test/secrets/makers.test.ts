import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, answerOf, createAgent, createSpace } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { createSession, talk } from "../support/sessions.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  await createSpace(gateway, "lab", { SHARED: "of-the-space" });
});
afterAll(() => gateway.stop());

const look = 'echo "$SHARED|$OWN"';
const both = "of-the-space|own\n";
const ownAlone = "|own\n";

/** An account, by a role of its own, with an agent and a session that it made in the space. */
async function makeMaker(user: string) {
  const rules = `[{ resources: ["agents", "sessions"], verbs: ["create", "get", "update"] }]`;
  await gateway.data(`mutation ($role: String!) { createRole(input: { name: $role, rules: ${rules} }) { name } }`, {
    role: user,
  });
  const token = await accountToken(gateway, user);
  const bind = async () => {
    const document = `mutation ($user: ID!) {
      createRoleBinding(input: { subject: $user, role: $user, space: "lab" }) { id }
    }`;
    return (await gateway.data(document, { user })).createRoleBinding.id as string;
  };
  const binding = await bind();
  const input = { space: "lab", secrets: { OWN: "own" } };
  await createAgent(gateway, user, input, token);
  const { id: session } = await createSession(gateway, input, token);
  /** What each of the ways to run a command finds. */
  const found = async () => ({
    exec: (await execAs(token, user)) ?? (await execAs(gateway.adminToken, user)),
    response: (await answerOf(gateway, user, look)).output.text,
    message: await talk(gateway, session, look),
  });
  return { token, binding, bind, found };
}

/** What the command prints to the bearer; `null` for one who may not run it. */
async function execAs(token: string, agent: string): Promise<string | null> {
  const document = `mutation ($agent: ID!, $command: [String!]!) { exec(agent: $agent, command: $command) { stdout } }`;
  const { data } = await gateway.graphql(document, { agent, command: ["bash", "-c", look] }, token);
  return data?.exec?.stdout ?? null;
}

const everywhere = (text: string) => ({ exec: text, response: text, message: text });

/** What takes the right to make agents and sessions in the space from an account. */
const losses: Readonly<Record<string, (user: string, binding: string) => Promise<unknown>>> = {
  "its binding is deleted": (_user, id) =>
    gateway.data(`mutation ($id: ID!) { deleteRoleBinding(id: $id) { id } }`, { id }),
  "its role is deleted": (name) => gateway.data(`mutation ($name: ID!) { deleteRole(name: $name) { name } }`, { name }),
  "it is deactivated": (id) =>
    gateway.data(`mutation ($id: ID!) { updateServiceAccount(id: $id, input: { active: false }) { id } }`, { id }),
  "it is deleted": (id) => gateway.data(`mutation ($id: ID!) { deleteServiceAccount(id: $id) { id } }`, { id }),
};

describe("what an account made in a space", () => {
  test.each(Object.entries(losses))("loses the secrets of the space when %s", async (how, lose) => {
    const user = `maker-${how.replaceAll(" ", "-")}`;
    const { binding, found } = await makeMaker(user);
    expect(await found()).toEqual(everywhere(both));
    await lose(user, binding);
    expect(await found()).toEqual(everywhere(ownAlone));
  });

  test("has them again when it may make such things there again", async () => {
    const { binding, bind, found } = await makeMaker("returning");
    await gateway.data(`mutation ($id: ID!) { deleteRoleBinding(id: $id) { id } }`, { id: binding });
    expect(await found()).toEqual(everywhere(ownAlone));
    await bind();
    expect(await found()).toEqual(everywhere(both));
  });

  test("gives them to nobody who asks it without that right, its maker or not", async () => {
    const { token, binding } = await makeMaker("dismissed");
    await gateway.data(`mutation ($id: ID!) { deleteRoleBinding(id: $id) { id } }`, { id: binding });
    expect(await execAs(token, "dismissed")).toBe(ownAlone);
    expect(await execAs(gateway.adminToken, "dismissed")).toBe(ownAlone);
  });
});
