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
  const touchAgent = database.prepare("UPDATE Agent SET lastActivityAt = ?, idleFrom = ?, updatedAt = ? WHERE id = ?");
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
    touchAgent.run(at, at, at, agent.id);
    emit(agent, `agent:${agent.name}`, "agent.changed", agent, at);
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
      create.immediate(agent, id, input, user, now());
      return { body: JSON.stringify({ id, agent_name: agent.name, status: "pending", input }) };
    },
    append(id: string, body: unknown) {
      const agent = ownerOf.get(id);
      if (!agent) return null;
      const { output } = body as { output: { items: readonly unknown[] } }; // as the bench sends it
      add.immediate(agent, id, output.items, now());
      return { body: JSON.stringify({ id, status: "processing" }) };
    },
  };
}

const now = () => new Date().toISOString().replace("Z", "+00:00");
