import * as fc from "fast-check";
import { afterAll, beforeAll, test } from "vitest";
import { agentOperations, responseOperations } from "./agents.ts";
import { roleOperations } from "./roles.ts";
import { secretOperations, spaceOperations } from "./spaces.ts";
import { people, startTwins, type Twins } from "./twins.ts";

const rooms = {
  spaces: spaceOperations,
  secrets: secretOperations,
  roles: roleOperations,
  agents: agentOperations,
  responses: responseOperations,
};

let twins: Twins;

beforeAll(async () => {
  twins = await startTwins();
});

afterAll(() => twins.stop());

test("whatever is done by REST has the results, refusals and events that it has by GraphQL", async () => {
  const anOperation = fc.oneof(...Object.values(rooms).map((room) => fc.oneof(...room)));
  const aStep = fc.tuple(anOperation, fc.constantFrom(...people, "admin" as const, "admin" as const));
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 5, maxLength: 15, size: "max" }), async (steps) => {
      for (const [operation, person] of steps) await twins.perform(operation, person);
    }),
    { numRuns: 60, endOnFailure: true },
  );
}, 60_000);
