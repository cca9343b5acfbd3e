import { afterAll, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { makeRepositories, nodeAgent } from "./repository.ts";
import { addAgent, buildsOf } from "./support.ts";

const repositories = makeRepositories();
const world = await startTestGateway({ env: { ...repositories.env, RAWORC_IMAGES: "debian:*,acme/tools:1" } });
afterAll(async () => {
  await world.stop();
  repositories.remove();
});

const create = (kind: "Agent" | "Session", input: object) =>
  world.graphql(`mutation ($input: Create${kind}Input!) { create${kind}(input: $input) { id } }`, { input });
const setImageOf = (name: string, image: string | null) =>
  world.data(
    `mutation ($name: ID!, $settings: JSON!) { updateSpace(name: $name, input: { settings: $settings }) { name } }`,
    {
      name,
      settings: { image },
    },
  );
const refusal = {
  message: `"image" must be raworc/agent:1 or debian:* or acme/tools:1, not acme/tools:12`,
  extensions: { code: "BAD_USER_INPUT", field: "image" },
};

test("only images that the operator allows, and the default one, can be asked for", async () => {
  for (const [place, image] of ["debian:bookworm-slim", "acme/tools:1", "raworc/agent:1", null].entries()) {
    expect(await create("Agent", { name: `agent-${place}`, image })).not.toHaveProperty("errors");
    expect(await create("Session", { image })).not.toHaveProperty("errors");
  }
  const image = "acme/tools:12";
  expect((await create("Agent", { name: "refused", image })).errors).toMatchObject([refusal]);
  expect((await create("Session", { image })).errors).toMatchObject([refusal]);
  expect(await world.gateway.store.agent.count({ where: { name: "refused" } })).toBe(0);
});

test("a space gives no other image to what is made in it, and none is built from it", async () => {
  await world.data(`mutation { createSpace(input: { name: "lab" }) { name } }`);
  await setImageOf("lab", "acme/tools:12");
  expect((await create("Agent", { name: "in-lab", space: "lab" })).errors).toMatchObject([refusal]);
  repositories.commit("raworc/node", nodeAgent);
  await addAgent(world.gateway, { spaceName: "lab", name: "node", sourceRepo: "raworc/node" });
  await world.settle();
  expect(await buildsOf(world.gateway, "lab")).toMatchObject([{ status: "FAILED", error: refusal.message }]);
  await setImageOf("lab", "debian:12");
  expect(await create("Agent", { name: "in-lab", space: "lab" })).not.toHaveProperty("errors");
});
