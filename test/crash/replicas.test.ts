import { randomBytes, randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { say, startModelServer } from "../support/model-server.ts";
import { postgresql } from "../support/needs.ts";
import { endOf, eventually, expectTruthful, typesOf } from "./watch.ts";
import { ask, createAgent, modelEnvironment } from "./world.ts";

describe.skipIf(postgresql.found === null)("two gateways on one PostgreSQL", () => {
  const server = postgresql.found ?? "";
  const name = `crash_${randomUUID().slice(0, 8)}`;
  const running: GatewayProcess[] = [];
  const shared = {
    DATABASE_URL: server.replace(/\/[^/]*$/, `/${name}`),
    RAWORC_JWT_SECRET: randomBytes(32).toString("hex"),
    RAWORC_MASTER_KEY: randomBytes(32).toString("base64"),
    RAWORC_RUNTIME: "memory",
  };
  const start = async (more: Readonly<Record<string, string>>) => {
    const gateway = await startGatewayProcess({ env: { ...shared, ...more } });
    running.push(gateway);
    return gateway;
  };
  beforeEach(() => onServer(server, `CREATE DATABASE ${name}`));
  afterEach(async () => {
    for (const gateway of running.splice(0)) await gateway.kill();
    await onServer(server, `DROP DATABASE ${name} WITH (FORCE)`);
  });

  test("what one of them was answering when it was killed, the other takes over within 15 s", async () => {
    await using model = await startModelServer({ acts: [{ kind: "hang" }] });
    const first = await start(modelEnvironment(model));
    const second = await start(modelEnvironment(model));
    await createAgent(first, "thinker", { engine: "MODEL" });
    const id = await ask(first, "thinker", "think");
    await eventually(() => expect(model.requests).toHaveLength(1));
    await first.kill();

    model.script(say("thought"));
    const steps = await endOf(second, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "COMPLETED" });
    expect(typesOf(steps)).toEqual(["final"]);
    expect(model.requests).toHaveLength(2);
  });

  test("neither answers what the other one is answering", async () => {
    await using model = await startModelServer(say("one"), say("two"), say("three"));
    const gateways = [await start(modelEnvironment(model)), await start(modelEnvironment(model))] as const;
    await createAgent(gateways[0], "thinker", { engine: "MODEL" });
    const asked = await Promise.all([0, 1, 0].map((which) => ask(gateways[which === 0 ? 0 : 1], "thinker", "think")));
    for (const id of asked) {
      await eventually(async () => {
        const { response } = await gateways[0].ask("query ($id: ID!) { response(id: $id) { status } }", { id });
        expect(response.status).toBe("COMPLETED");
      });
      expectTruthful(await endOf(gateways[1], id));
    }
    expect(model.requests).toHaveLength(3);
  });
});

async function onServer(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(sql);
  await client.end();
}
