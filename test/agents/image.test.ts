import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";

describe("the image of an agent's computer", () => {
  let gateway: Awaited<ReturnType<typeof startTestGateway>>;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.stop());

  const imageOf = async (name: string, more = "") => {
    await gateway.data(`mutation { createAgent(input: { name: "${name}", engine: SHELL ${more} }) { name } }`);
    return (await gateway.data(`{ agent(name: "${name}") { image } }`)).agent.image;
  };

  test("is the agent's own choice, else its space's, else the gateway's", async () => {
    expect(await imageOf("plain")).toBe(gateway.config.agentImage);
    await gateway.gateway.store.space.update({
      where: { name: "default" },
      data: { settings: { image: "of/space:1" } },
    });
    expect(await imageOf("spaced")).toBe("of/space:1");
    expect(await imageOf("chosen", `, image: "of/agent:1"`)).toBe("of/agent:1");
  });
});
