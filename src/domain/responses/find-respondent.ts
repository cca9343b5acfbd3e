import type { Agent, Session } from "../../store/generated/client/client.ts";
import type { Store, Transaction } from "../../store/store.ts";
import { agentRespondent } from "./agent-respondent.ts";
import type { Respondent } from "./respondent.ts";
import { sessionRespondent } from "./session-respondent.ts";

/** The agent or session of that id; `null` when it is gone. */
export async function findRespondent(
  store: Pick<Store | Transaction, "agent" | "session">,
  id: string,
): Promise<Respondent | null> {
  const agent = await store.agent.findUnique({ where: { id } });
  if (agent) return agentRespondent(agent);
  const session = await store.session.findUnique({ where: { id } });
  return session && sessionRespondent(session);
}

/** Reads a response together with who answers it. */
export const withRespondent = { agent: true, session: true } as const;

/** Who answers a response that was read with {@link withRespondent}. */
export function respondentOf({ agent, session }: { agent: Agent | null; session: Session | null }): Respondent | null {
  if (agent) return agentRespondent(agent);
  return session && sessionRespondent(session);
}
