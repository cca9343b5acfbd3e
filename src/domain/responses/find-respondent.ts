import type { Gateway } from "../../gateway.ts";
import type { Store, Transaction } from "../../store/store.ts";
import { agentLists } from "../agents/remembered.ts";
import { sessionLists } from "../sessions/remembered.ts";
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

/** The agent or session of that id as the newest event left it, without the database when it is remembered. */
export async function rememberedRespondent(
  { store, memory }: Pick<Gateway, "store" | "memory">,
  id: string,
): Promise<Respondent | null> {
  const known = memory.recall(sessions, id);
  if (known) return sessionRespondent(known);
  const [agent] = await memory.load(agents, [id], async () => [await store.agent.findUnique({ where: { id } })]);
  if (agent) return agentRespondent(agent);
  const [session] = await memory.load(sessions, [id], async () => [await store.session.findUnique({ where: { id } })]);
  return session ? sessionRespondent(session) : null;
}

const agents = agentLists.asTheyAre.rows;
const sessions = sessionLists.rows;
