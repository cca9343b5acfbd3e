import type { Database } from "better-sqlite3";
import { type Caller, maySee } from "./token.ts";

interface AgentRow {
  readonly name: string;
  readonly createdByName: string;
  readonly state: string;
  readonly description: string | null;
  readonly parentName: string | null;
  readonly createdAt: string;
  readonly lastActivityAt: string | null;
  readonly metadata: string;
  readonly tags: string;
  readonly isPublished: number;
  readonly publishedAt: string | null;
  readonly publishedBy: string | null;
  readonly publishCode: number;
  readonly publishSecrets: number;
  readonly publishContent: number;
  readonly idleTimeoutSeconds: number;
  readonly busyTimeoutSeconds: number;
  readonly idleFrom: string | null;
  readonly busyFrom: string | null;
}

const columns = `name, createdByName, state, description, parentName, createdAt, lastActivityAt, metadata, tags,
  isPublished, publishedAt, publishedBy, publishCode, publishSecrets, publishContent, idleTimeoutSeconds,
  busyTimeoutSeconds, idleFrom, busyFrom`;

/** Reads of agents as REST shows them, by prepared statements. */
export function readsOf(database: Database) {
  const one = database.prepare<[string], AgentRow>(`SELECT ${columns} FROM Agent WHERE nameKey = ?`);
  const many = database.prepare<[number], AgentRow>(`SELECT ${columns} FROM Agent ORDER BY createdAt, id LIMIT ?`);
  const count = database.prepare<[], number>("SELECT COUNT(*) FROM Agent").pluck();
  return {
    agent(caller: Caller, name: string) {
      const row = one.get(name.toLowerCase());
      return row && maySee(caller, row.createdByName) ? { body: JSON.stringify(presented(row)) } : null;
    },
    agents(caller: Caller, limit: number) {
      const rows = many.all(limit).filter(({ createdByName }) => maySee(caller, createdByName));
      return { body: JSON.stringify(rows.map(presented)), total: count.get() ?? 0 };
    },
  };
}

const presented = (row: AgentRow) => ({
  name: row.name,
  created_by: row.createdByName,
  state: row.state.toLowerCase(),
  description: row.description,
  parent_agent_name: row.parentName,
  created_at: moment(row.createdAt),
  last_activity_at: moment(row.lastActivityAt),
  metadata: JSON.parse(row.metadata) as unknown,
  tags: JSON.parse(row.tags) as unknown,
  is_published: row.isPublished === 1,
  published_at: moment(row.publishedAt),
  published_by: row.publishedBy,
  publish_permissions: {
    code: row.publishCode === 1,
    secrets: row.publishSecrets === 1,
    content: row.publishContent === 1,
  },
  idle_timeout_seconds: row.idleTimeoutSeconds,
  busy_timeout_seconds: row.busyTimeoutSeconds,
  idle_from: moment(row.idleFrom),
  busy_from: moment(row.busyFrom),
});

const moment = (stored: string | null) => stored?.replace("+00:00", "Z") ?? null;
