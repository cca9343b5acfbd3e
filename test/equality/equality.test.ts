import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agentOperations, responseOperations } from "./agents.ts";
import { roleOperations } from "./roles.ts";
import { messageOperations, sessionOperations } from "./sessions.ts";
import { secretOperations, spaceOperations } from "./spaces.ts";
import { people, startTwins, type Twins } from "./twins.ts";

const rooms = {
  spaces: spaceOperations,
  secrets: secretOperations,
  roles: roleOperations,
  agents: agentOperations,
  asking: responseOperations.slice(0, 2),
  responses: responseOperations,
  sessions: sessionOperations,
  messages: messageOperations,
};

let twins: Twins;

beforeAll(async () => {
  twins = await startTwins();
});

afterAll(() => twins.stop());

test("whatever is done by REST has the results, refusals and events that it has by GraphQL", async () => {
  const anOperation = fc.oneof(...Object.values(rooms).map((room) => fc.oneof(...room)));
  const aStep = fc.tuple(anOperation, fc.constantFrom("admin", "admin", "admin", "admin", ...people));
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 5, maxLength: 15, size: "max" }), async (steps) => {
      for (const [operation, person] of steps) {
        const { byRest, byGraphql } = await twins.perform(operation, person);
        expect(byRest).toEqual(byGraphql);
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
}, 60_000);
