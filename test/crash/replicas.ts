import { randomBytes } from "node:crypto";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { dockerEnvironment, removeAllOf } from "./containers.ts";

/** Gateways on a database and an engine that they share. */
export interface Replicas extends Pick<TestStore, "store"> {
  start(more?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  /** By what their containers and volumes are known. */
  deployment(): Promise<string>;
  /** Ends all of them, and removes their database, containers and volumes. */
  close(): Promise<void>;
}

/** Makes a database on PostgreSQL for gateways. It is empty: the first one makes the tables. */
export async function createReplicas(): Promise<Replicas> {
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
  const deployment = async () =>
    (await database.store.setting.findUniqueOrThrow({ where: { key: "deployment" } })).value;
  return {
    store: database.store,
    deployment,
    async start(more = {}) {
      const gateway = await startGatewayProcess({ env: { ...shared, ...dockerEnvironment, ...more } });
      running.push(gateway);
      return gateway;
    },
    async close() {
      for (const gateway of running.splice(0)) await gateway.kill();
      await removeAllOf(await deployment());
      await database.close();
    },
  };
}
