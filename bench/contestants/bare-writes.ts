import { randomUUID } from "node:crypto";
import type { Database } from "better-sqlite3";

interface AgentRow {
  readonly id: string;
  readonly name: string;
  readonly createdById: string;
}

/** The writes of the gateway's `createResponse` and of an appended item: the same rows in one transaction each. */
export function writesOf(database: Database) {
  const agentOf = database.prepare<[string], AgentRow>("SELECT id, name, createdById FROM Agent WHERE nameKey = ?");
  const ownerOf = database.prepare<[string], AgentRow>(
    "SELECT a.id, a.name, a.createdById FROM Response r JOIN Agent a ON a.id = r.agentId WHERE r.id = ?",
  );
  const waitingFor = database
    .prepare<[string], number>(
      "SELECT COUNT(*) FROM Response WHERE respondentId = ? AND status IN ('PENDING', 'PROCESSING')",
    )
    .pluck();
  const touchAgent = database.prepare<[string, string, string, string], AgentRow>(
    "UPDATE Agent SET lastActivityAt = ?, idleFrom = ?, updatedAt = ? WHERE id = ? RETURNING *",
  );
  const touchResponse = database.prepare("UPDATE Response SET updatedAt = ? WHERE id = ?");
  const insert = database.prepare(`INSERT INTO Response (id, respondentId, agentId, status, input, createdByName,
    createdAt, updatedAt) VALUES (?, ?, ?, 'PENDING', ?, ?, ?, ?)`);
  const advance = database
    .prepare<[string], number>(
      "INSERT INTO Stream (name, seq) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET seq = seq + 1 RETURNING seq",
    )
    .pluck();
  const log = database.prepare(`INSERT INTO Event (id, stream, seq, type, payload, actor, space, ownerId, partOf, at)
    VALUES (?, ?, ?, ?, ?, 'admin', 'default', ?, 'agents', ?)`);
  const emit = (agent: AgentRow, stream: string, type: string, facts: object, at: string) => {
    const payload = JSON.stringify({ ...facts, agent: agent.name, agentId: agent.id });
    log.run(advance.get("*"), stream, advance.get(stream), type, payload, agent.createdById, at);
  };

  const create = database.transaction((agent: AgentRow, id: string, input: unknown, user: string, at: string) => {
    emit(agent, `agent:${agent.name}`, "agent.changed", touchAgent.get(at, at, at, agent.id) ?? agent, at);
    if ((waitingFor.get(agent.id) ?? 0) >= longestQueue) throw new Error("too many wait");
    insert.run(id, agent.id, agent.id, JSON.stringify(input), user, at, at);
    emit(agent, `response:${id}`, "response.status", { id, status: "PENDING" }, at);
  });
  const add = database.transaction((agent: AgentRow, id: string, items: readonly unknown[], at: string) => {
    touchResponse.run(at, id);
    for (const item of items) emit(agent, `response:${id}`, "response.item", { id, item }, at);
  });

  return {
    createResponse(name: string, user: string, body: unknown) {
      const agent = agentOf.get(name);
      if (!agent) return null;
      const id = randomUUID();
      const { input } = body as { input: unknown }; // as the bench sends it
      const at = now();
      create.immediate(agent, id, input, user, at);
      const times = { created_at: shown(at), updated_at: shown(at) };
      const output = { text: "", items: [] };
      return { body: JSON.stringify({ id, agent_name: agent.name, status: "pending", input, output, ...times }) };
    },
    append(id: string, body: unknown) {
      const agent = ownerOf.get(id);
      if (!agent) return null;
      const { output } = body as { output: { items: readonly unknown[] } }; // as the bench sends it
      add.immediate(agent, id, output.items, now());
      return { body: JSON.stringify({ data: { updateResponse: { id, status: "PENDING" } } }) };
    },
  };
}

const longestQueue = 1000;
const shown = (at: string) => at.replace("+00:00", "Z");
const now = () => new Date().toISOString().replace("Z", "+00:00");
