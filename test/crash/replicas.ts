import { randomBytes } from "node:crypto";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

/** Gateways on a database that they share. */
export interface Replicas extends Pick<TestStore, "store"> {
  start(more?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  /** Ends all of them. */
  kill(): Promise<void>;
  /** Ends all of them, and removes their database. */
  close(): Promise<void>;
}

/** Makes a database on PostgreSQL for gateways with this environment. It is empty: the first one makes the tables. */
export async function createReplicas(env: Readonly<Record<string, string>>): Promise<Replicas> {
  const database = await openTestStore("postgresql");
  for (const change of ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]) {
    await database.store.$executeRawUnsafe(change);
  }
  const shared = {
    DATABASE_URL: database.databaseUrl,
    RAWORC_JWT_SECRET: randomBytes(32).toString("hex"),
    RAWORC_MASTER_KEY: randomBytes(32).toString("base64"),
  };
  const running: GatewayProcess[] = [];
  const kill = async () => {
    for (const gateway of running.splice(0)) await gateway.kill();
  };
  return {
    store: database.store,
    async start(more = {}) {
      const gateway = await startGatewayProcess({ env: { ...shared, ...env, ...more } });
      running.push(gateway);
      return gateway;
    },
    kill,
    async close() {
      await kill();
      await database.close();
    },
  };
}
