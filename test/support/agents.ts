import { setImmediate as nextTurn } from "node:timers/promises";
import { createServiceAccount } from "../../src/domain/service-accounts/service.ts";
import { waitForEnd } from "../../src/domain/responses/progress.ts";
import { storeSecrets } from "../../src/domain/secrets/owned.ts";
import { commit } from "../../src/events/commit.ts";
import type { MemoryControls } from "../../src/runtime/memory/controls.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TestGateway } from "./gateway.ts";

type AnyGateway = TestGateway<Runtime>;

/** What of an agent the tests look at. */
const agentFields = `
  id name space state createdByName description metadata tags parentName lastActivityAt idleFrom busyFrom sleepsAt
  idleTimeoutSeconds busyTimeoutSeconds engine network image isPublished publishedAt publishedBy
  publishPermissions { code secrets content } setupStatus setupOutput secretNames lastError
  computer { id phase desired generation lastError exitReason }`;

/** What of a response the tests look at. */
const responseFields = `
  id status input engine createdBy failure { reason message evidence } usage { inputTokens outputTokens }
  output { text other items { type raw } } startedAt completedAt`;

/** Creates an agent that runs scripts, unless told otherwise, and waits until its computer has been dealt with. */
export async function createAgent(gateway: AnyGateway, name: string, input: object = {}, token?: string) {
  const { createAgent: agent } = await gateway.data(
    `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { ${agentFields} } }`,
    { input: { name, engine: "SHELL", ...input } },
    token,
  );
  await gateway.settle();
  return agent;
}

/** The agent as it is now. */
export const agentNamed = async (gateway: AnyGateway, name: string, token?: string) =>
  (await gateway.data(`query ($name: ID!) { agent(name: $name) { ${agentFields} } }`, { name }, token)).agent;

/** Calls a mutation of one agent and answers the agent. */
export async function order(gateway: AnyGateway, mutation: string, name: string, args = "", token?: string) {
  const document = `mutation ($name: ID!) { done: ${mutation}(name: $name${args && `, ${args}`}) { ${agentFields} } }`;
  return (await gateway.data(document, { name }, token)).done;
}

/** Asks an agent and answers the response at once, or when it has ended. */
export async function ask(gateway: AnyGateway, agent: string, text: string, options: Asking = {}) {
  const { token, ...asked } = options;
  const document = `mutation ($agent: ID!, $input: JSON!, $wait: Boolean, $whenBusy: WhenBusy, $idempotencyKey: String) {
    createResponse(agent: $agent, input: $input, wait: $wait, whenBusy: $whenBusy, idempotencyKey: $idempotencyKey) {
      ${responseFields}
    }
  }`;
  return (await gateway.data(document, { agent, input: { text }, wait: false, ...asked }, token)).createResponse;
}

interface Asking {
  readonly wait?: boolean;
  readonly whenBusy?: "QUEUE" | "REJECT" | "INTERRUPT";
  readonly idempotencyKey?: string;
  readonly token?: string;
}

/** Asks and waits for the end. */
export const answerOf = (gateway: AnyGateway, agent: string, text: string) => ask(gateway, agent, text, { wait: true });

/** The response as it is now. */
export const responseOf = async (gateway: AnyGateway, id: string, token?: string) =>
  (await gateway.data(`query ($id: ID!) { response(id: $id) { ${responseFields} } }`, { id }, token)).response;

/** The response once it has ended. */
export async function endOf(gateway: AnyGateway, id: string) {
  await waitForEnd(gateway.gateway, id, 8, new AbortController().signal);
  return responseOf(gateway, id);
}

/** All responses of an agent, the oldest first. */
export const responsesOf = async (gateway: AnyGateway, name: string) =>
  (
    await gateway.data(`query ($name: ID!) { agent(name: $name) { responses { nodes { ${responseFields} } } } }`, {
      name,
    })
  ).agent.responses.nodes;

/** What a response's stream says: statuses and types of items, in order. It outlives the response. */
export async function storyOf({ gateway }: AnyGateway, id: string): Promise<readonly string[]> {
  const events = await gateway.store.event.findMany({ where: { stream: `response:${id}` }, orderBy: { seq: "asc" } });
  return events.map(({ payload }) => {
    const { status, item, reason } = payload as { status?: string; item?: { type: string }; reason?: string };
    return [status ?? item?.type ?? "text", reason].filter(Boolean).join(" ");
  });
}

/** How a call was refused: the code and the facts beside it. */
export async function refusalOf(gateway: AnyGateway, query: string, variables: object = {}, token?: string | null) {
  const { data, errors } = await gateway.graphql(query, variables, token);
  if (!errors) throw new Error(`was not refused: ${JSON.stringify(data)}`);
  return errors[0]?.extensions;
}

/** Makes an account, binds a role to it when one is given, and answers its token. */
export async function accountToken(gateway: AnyGateway, user: string, role?: string, space: string | null = null) {
  const { gateway: inner, auth } = gateway;
  await createServiceAccount(inner, auth, { user, password: "correct horse battery" });
  const times = { createdAt: inner.now(), updatedAt: inner.now() };
  if (role) {
    await inner.store.roleBinding.create({
      data: { id: inner.newId(), subject: user, roleName: role, space, ...times },
    });
  }
  const document = `mutation ($user: String!) { login(user: $user, password: "correct horse battery") { token } }`;
  return (await gateway.data(document, { user }, null)).login.token as string;
}

/** Makes a space with secrets. */
export async function createSpace({ gateway }: AnyGateway, name: string, secrets: Record<string, string> = {}) {
  await commit(gateway, async (unit) => {
    await unit.tx.space.create({ data: { name, createdAt: unit.at, updatedAt: unit.at } });
    await storeSecrets(unit, { space: name, kind: "SPACE", id: name }, secrets);
  });
}

/** Resolves as soon as the agent is in that state. */
export async function untilState({ gateway }: AnyGateway, name: string, state: string): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<void>();
    const stop = gateway.tail.subscribe(`agent:${name}`, { event: () => changed.resolve() });
    try {
      const agent = await gateway.store.agent.findUnique({ where: { name }, select: { state: true } });
      if (agent?.state === state) return;
      await changed.promise;
    } finally {
      stop();
    }
  }
}

/** Resolves as soon as the response's stream holds an item of that type. */
export async function untilItem({ gateway }: AnyGateway, id: string, type: string): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<void>();
    const stop = gateway.tail.subscribe(`response:${id}`, { event: () => changed.resolve() });
    try {
      const rows = await gateway.store.event.findMany({ where: { stream: `response:${id}`, type: "response.item" } });
      if (rows.some(({ payload }) => (payload as { item: { type: string } }).item.type === type)) return;
      await changed.promise;
    } finally {
      stop();
    }
  }
}

/** Does what makes a command run, and resolves when it runs: its call is recorded before. */
export async function untilItRuns<T>(
  { runtime }: TestGateway<Runtime & MemoryControls>,
  begin: () => Promise<T>,
): Promise<T> {
  const release = runtime.hold("exec");
  const begun = await begin();
  await release.reached;
  release();
  await nextTurn();
  return begun;
}
