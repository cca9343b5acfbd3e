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
