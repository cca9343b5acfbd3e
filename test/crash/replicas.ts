import { randomBytes, randomUUID } from "node:crypto";
import { Client, type QueryResultRow } from "pg";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { postgresql } from "../support/needs.ts";

/** Gateways on a database that they share. */
export interface Replicas {
  start(more?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  /** Asks their database for rows of this shape. */
  query<Row extends QueryResultRow>(sql: string): Promise<readonly Row[]>;
  /** Ends all of them. */
  kill(): Promise<void>;
  /** Ends all of them, and removes their database. */
  close(): Promise<void>;
}

/** Makes an empty database on PostgreSQL for gateways with this environment. */
export async function createReplicas(env: Readonly<Record<string, string>>): Promise<Replicas> {
  const server = postgresql.found ?? "";
  const name = `crash_${randomUUID().slice(0, 8)}`;
  await queryAt(server, `CREATE DATABASE ${name}`);
  const database = server.replace(/\/[^/]*$/, `/${name}`);
  const shared = {
    DATABASE_URL: database,
    RAWORC_JWT_SECRET: randomBytes(32).toString("hex"),
    RAWORC_MASTER_KEY: randomBytes(32).toString("base64"),
  };
  const running: GatewayProcess[] = [];
  const kill = async () => {
    for (const gateway of running.splice(0)) await gateway.kill();
  };
  return {
    async start(more = {}) {
      const gateway = await startGatewayProcess({ env: { ...shared, ...env, ...more } });
      running.push(gateway);
      return gateway;
    },
    query: <Row extends QueryResultRow>(sql: string) => queryAt<Row>(database, sql),
    kill,
    async close() {
      await kill();
      await queryAt(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function queryAt<Row extends QueryResultRow>(connectionString: string, sql: string): Promise<readonly Row[]> {
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<Row>(sql);
  await client.end();
  return rows;
}
