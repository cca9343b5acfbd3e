import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { say, startModelServer } from "../support/model-server.ts";
import { postgresql } from "../support/needs.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { endOf, eventually, expectTruthful, typesOf, untilStatus } from "./watch.ts";
import { ask, createAgent, modelEnvironment } from "./world.ts";

describe.skipIf(postgresql.found === null)("what two gateways on one PostgreSQL and one engine answer", () => {
  let replicas: Replicas;
  beforeEach(async () => {
    replicas = await createReplicas();
  });
  afterEach(() => replicas.close());

  test("what one of them was answering when it was killed, the other takes over within 15 s", async () => {
    await using model = await startModelServer({ acts: [{ kind: "hang" }] });
    const first = await replicas.start(modelEnvironment(model));
    await createAgent(first, "thinker", { engine: "MODEL" });
    const id = await ask(first, "thinker", "think");
    await eventually(() => expect(model.requests).toHaveLength(1));
    const second = await replicas.start(modelEnvironment(model));
    await first.kill();

    model.script(say("thought"));
    const steps = await endOf(second, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "COMPLETED", response: { failure: null } });
    expect(typesOf(steps)).toEqual(["final"]);
    expect(model.requests).toHaveLength(2);
  });

  test("neither answers what the other one is answering", async () => {
    await using model = await startModelServer(say("one"), say("two"), say("three"));
    const gateways = [
      await replicas.start(modelEnvironment(model)),
      await replicas.start(modelEnvironment(model)),
    ] as const;
    await createAgent(gateways[0], "thinker", { engine: "MODEL" });
    const asked = await Promise.all([0, 1, 0].map((which) => ask(gateways[which === 0 ? 0 : 1], "thinker", "think")));
    for (const id of asked) {
      const steps = await endOf(gateways[1], id);
      expectTruthful(steps);
      expect(steps.at(-1)).toMatchObject({ status: "COMPLETED" });
    }
    expect(model.requests).toHaveLength(3);
  });

  test("who watches at one sees what happens at the other, and what is cancelled at one ends at the other", async () => {
    await using model = await startModelServer({ acts: [{ kind: "hang" }] });
    const first = await replicas.start(modelEnvironment(model));
    await createAgent(first, "thinker", { engine: "MODEL" });
    const id = await ask(first, "thinker", "think");
    await eventually(() => expect(model.requests).toHaveLength(1));
    const second = await replicas.start(modelEnvironment(model));
    const watched = [endOf(first, id), endOf(second, id)];
    await Promise.all([first, second].map((gateway) => untilStatus(gateway, id, "PROCESSING")));

    await second.ask("mutation ($id: ID!) { cancelResponse(id: $id) { status } }", { id });
    await model.clientGone;
    for (const steps of await Promise.all(watched)) {
      expectTruthful(steps);
      expect(steps.at(-1)).toMatchObject({ status: "CANCELLED" });
    }
  });
});
