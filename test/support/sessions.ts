import { waitForEnd } from "../../src/domain/responses/progress.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TestGateway } from "./gateway.ts";

type AnyGateway = TestGateway<Runtime>;

/** What of a session the tests look at. */
const sessionFields = `
  id space state createdByName metadata parentId engine busyTimeoutSeconds busyFrom buildId lastError containerId volumeId
  network image startedAt lastActivityAt terminatedAt terminationReason secretNames
  computer { id phase desired generation lastError exitReason }`;

/** Creates a session that runs scripts, unless told otherwise, and waits until its computer has been dealt with. */
export async function createSession(gateway: AnyGateway, input: object = {}, token?: string) {
  const document = `mutation ($input: CreateSessionInput) { createSession(input: $input) { ${sessionFields} } }`;
  const { createSession: session } = await gateway.data(document, { input: { engine: "SHELL", ...input } }, token);
  await gateway.settle();
  return session;
}

/** The session as it is now. */
export const sessionNow = async (gateway: AnyGateway, id: string, token?: string) =>
  (await gateway.data(`query ($id: ID!) { session(id: $id) { ${sessionFields} } }`, { id }, token)).session;

/** Calls a mutation of one session and answers the session. */
export async function orderSession(gateway: AnyGateway, mutation: string, id: string, args = "", token?: string) {
  const document = `mutation ($id: ID!) { done: ${mutation}(id: $id${args && `, ${args}`}) { ${sessionFields} } }`;
  return (await gateway.data(document, { id }, token)).done;
}

/** Resolves as soon as the session is in that state. */
export async function untilSession({ gateway }: AnyGateway, id: string, state: string): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<void>();
    const stop = gateway.tail.subscribe(`session:${id}`, { event: () => changed.resolve() });
    try {
      const session = await gateway.store.session.findUnique({ where: { id }, select: { state: true } });
      if (session?.state === state) return;
      await changed.promise;
    } finally {
      stop();
    }
  }
}

/** What of a message the tests look at. */
const messageFields = `id seq role content createdBy response { id status engine spaceAgent failure { reason } }`;

/** Sends a message and answers it as it is at once. */
export async function send(gateway: AnyGateway, session: string, content: string, more: object = {}, token?: string) {
  const document = `mutation ($session: ID!, $content: String!, $role: MessageRole, $idempotencyKey: String) {
    sendMessage(session: $session, content: $content, role: $role, idempotencyKey: $idempotencyKey) { ${messageFields} }
  }`;
  return (await gateway.data(document, { session, content, ...more }, token)).sendMessage;
}

/** Sends a message, waits until it is answered and answers what the assistant said. */
export async function talk(gateway: AnyGateway, session: string, content: string): Promise<string> {
  const { response } = await send(gateway, session, content);
  await waitForEnd(gateway.gateway, response.id, 8, new AbortController().signal);
  const messages = await conversationOf(gateway, session);
  return (
    messages.find((message) => message.role === "ASSISTANT" && message.response?.id === response.id)?.content ?? ""
  );
}

/** All messages of a session, the oldest first. */
export async function conversationOf(gateway: AnyGateway, session: string, token?: string): Promise<readonly Said[]> {
  const document = `query ($session: ID!) { messages(session: $session) { nodes { ${messageFields} } } }`;
  return (await gateway.data(document, { session }, token)).messages.nodes;
}

/** A message as a test sees it. */
export interface Said {
  readonly id: string;
  readonly seq: number;
  readonly role: string;
  readonly content: string;
  readonly createdBy: string | null;
  readonly response: { readonly id: string; readonly status: string; readonly spaceAgent: string | null } | null;
}
