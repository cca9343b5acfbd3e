import { Client } from "pg";
import { vi } from "vitest";
import { SqliteAdapter } from "../../src/store/sqlite/adapter.ts";
import { SqliteTransaction } from "../../src/store/sqlite/transaction.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TestGateway } from "../support/gateway.ts";

/** A statement as it went to the database. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What is read from the database while something is done. */
export async function readsOf(run: () => Promise<unknown>): Promise<readonly Statement[]> {
  const sqlite = [SqliteAdapter, SqliteTransaction].map((one) => vi.spyOn(one.prototype, "queryRaw"));
  const postgresql = vi.spyOn(Client.prototype, "query");
  await run();
  const statements = [
    ...sqlite.flatMap((spy) => spy.mock.calls.map(([{ sql, args }]) => ({ sql, values: args }))),
    ...postgresql.mock.calls.flatMap(([asked]) => statementIn(asked)),
  ];
  for (const spy of [...sqlite, postgresql]) spy.mockRestore();
  return statements.filter(({ sql }) => /^\s*SELECT/i.test(sql));
}

function statementIn(asked: unknown): readonly Statement[] {
  if (typeof asked !== "object" || asked === null || !("text" in asked)) return [];
  const { text, values = [] } = asked as { text: string; values?: unknown[] }; // pg's own form of a statement
  return [{ sql: text, values }];
}

/** How the database would find what a statement asks for, a line for each step. */
export async function planOf(gateway: TestGateway<Runtime>, { sql, values }: Statement): Promise<readonly string[]> {
  if (gateway.config.databaseUrl.startsWith("file:")) {
    const bound = values.map((value) => (typeof value === "bigint" ? Number(value) : value));
    const rows = await gateway.gateway.store.$queryRawUnsafe<{ detail: string }[]>(
      `EXPLAIN QUERY PLAN ${sql}`,
      ...bound,
    );
    return rows.map(({ detail }) => detail);
  }
  const client = new Client({ connectionString: gateway.config.databaseUrl });
  await client.connect();
  try {
    await client.query("SET enable_seqscan = off"); // so that only what no index can find is looked for in every row
    const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${sql}`, [...values]);
    return rows.map((row) => row["QUERY PLAN"].trim());
  } finally {
    await client.end();
  }
}

/** The steps that look at every row of a table, or sort what they found. */
export const slowSteps = (plan: readonly string[]): readonly string[] =>
  plan.filter((step) =>
    /SCAN (?!.*USING (COVERING )?INDEX)(?!CONSTANT ROW|page)|TEMP B-TREE FOR ORDER|Seq Scan on/.test(step),
  );
