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
