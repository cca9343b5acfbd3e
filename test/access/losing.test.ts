import { getNamedType, isLeafType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { updateServiceAccount } from "../../src/domain/service-accounts/service.ts";
import { accountToken, createAgent, createSpace } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket, type Watching } from "../support/live.ts";
import { rootFields } from "./call.ts";
import { type Kind, type Operation, operations } from "./operations.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let watched: Partial<Record<Kind, string>>;
/** How many subscriptions follow what their caller may do. */
let following = 0;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { RAWORC_ENGINE: "external" } });
  await createSpace(gateway, "lab");
  await createAgent(gateway, "watched", { space: "lab", engine: "EXTERNAL" });
  const { createSession } = await gateway.data(`mutation { createSession(input: { space: "lab" }) { id } }`);
  const { createResponse } = await gateway.data(
    `mutation { createResponse(agent: "watched", input: { text: "hello" }) { id } }`,
  );
  watched = { agent: "watched", session: createSession.id, response: createResponse.id, ...(await makeBuilt()) };
  await gateway.settle();
  countFollowers();
});
afterAll(() => gateway.stop());

async function makeBuilt(): Promise<typeof watched> {
  const { gateway: inner } = gateway;
  const { store } = inner;
  const place = { spaceName: "lab", createdAt: inner.now(), updatedAt: inner.now() };
  const build = await store.build.create({
    data: { id: inner.newId(), status: "PENDING", leaseOwner: "another", ...place },
  });
  const source = { name: "helper", sourceRepo: "https://git.example/helper.git" };
  await store.spaceAgent.create({ data: { id: inner.newId(), ...source, ...place } });
  return { build: build.id, spaceAgent: "helper" };
}

function countFollowers(): void {
  const onAccessChange = gateway.auth.onAccessChange.bind(gateway.auth);
  Object.assign(gateway.auth, {
    onAccessChange(...[principal, listener]: Parameters<typeof onAccessChange>) {
      const stop = onAccessChange(principal, listener);
      following++;
      return () => {
        following--;
        stop();
      };
    },
  });
}

/** Needs an agent that is deployed; its end is the same function's as that of `computerLogs`. */
const left = new Set(["Subscription.spaceAgentLogs"]);

const subscriptions = Object.entries(operations)
  .filter(([path]) => path.startsWith("Subscription.") && !left.has(path))
  .flatMap(([path, [operation]]) => (operation ? [{ path, operation }] : []));

function documentFor(path: string): string {
  const field = rootFields.get(path);
  if (!field) throw new Error(`The schema has no ${path}`);
  const required = field.args.filter((arg) => String(arg.type).endsWith("!"));
  const variables = required.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(", ");
  const args = required.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
  const selection = isLeafType(getNamedType(field.type)) ? "" : "{ __typename }";
  return `subscription ${variables && `(${variables})`} { ${field.name}${args && `(${args})`} ${selection} }`;
}

/** Resolves with the code that the socket was closed with; what is shown until then is passed over. */
async function endOf(watching: Watching): Promise<unknown> {
  try {
    for (;;) if ((await watching.next()) === undefined) return "ended by itself";
  } catch (error) {
    return (error as { code?: unknown }).code; // a CloseEvent has one
  }
}

async function watch(path: string, args: object, token: string): Promise<{ readonly ended: Promise<unknown> }> {
  const ended = endOf(overSocket(gateway, { query: documentFor(path), variables: { ...args }, token }));
  await expect.poll(() => following).toBe(1);
  return { ended };
}

const takeRoles = async (user: string) => {
  for (const { id } of await gateway.gateway.store.roleBinding.findMany({ where: { subject: user } })) {
    await gateway.data(`mutation ($id: ID!) { deleteRoleBinding(id: $id) { id } }`, { id });
  }
};

/** Opens the subscription, takes something away, and answers with what code it ended, within a second. */
async function endAfter(path: string, operation: Operation, user: string, lose: (user: string) => Promise<unknown>) {
  const token = await accountToken(gateway, user, "developer", "lab");
  const thing = { id: watched[operation.of] ?? "", space: "lab" };
  const { ended } = await watch(path, operation.args(thing), token);
  const began = performance.now();
  await lose(user);
  const code = await ended;
  expect(performance.now() - began).toBeLessThan(1000);
  await expect.poll(() => following).toBe(0);
  return code;
}

const deactivate = (user: string) => updateServiceAccount(gateway.gateway, user, { active: false });

describe("a subscription ends within a second", () => {
  test.each(subscriptions)("$path, when the account is deactivated", async ({ path, operation }) => {
    const user = `${path.replace("Subscription.", "")}-deactivated`;
    expect(await endAfter(path, operation, user, deactivate)).toBe(4401);
  });

  // What shows all that one may list goes on, and shows less: test/graphql/access.test.ts has that.
  const ofOneThing = subscriptions.filter(({ operation }) => operation.needs.includes(":"));

  test.each(ofOneThing)("$path, when the role is taken away", async ({ path, operation }) => {
    const user = `${path.replace("Subscription.", "")}-without-role`;
    expect(await endAfter(path, operation, user, takeRoles)).toBe(4403);
  });
});
