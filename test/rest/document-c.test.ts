import { afterAll, afterEach, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { differences, readExamples, sendExample } from "./documented.ts";
import { ask, makeAgent, send } from "./rest.ts";

const gateway = await startTestGateway({ env: { RAWORC_ENGINE: "external" } });
afterAll(() => gateway.stop());
afterEach(() => gateway.gateway.store.agent.deleteMany());

const order = (path: string, body?: object) => send(gateway, "POST", `/agents/demo/${path}`, { body });
const demo = (body?: object) => makeAgent(gateway, "demo", body);
const published = async () => {
  await demo({ description: "Demo agent", tags: ["example"] });
  await order("publish", { secrets: false });
};
const asked = async () => {
  await demo();
  return ask(gateway, "demo", "hi");
};
const report = (id: string, body: object) => send(gateway, "PUT", `/agents/demo/responses/${id}`, { body });

/** A worker outside that answers the first response as soon as there is one. */
async function answerTheNext(): Promise<void> {
  const created = Promise.withResolvers<string>();
  const stop = gateway.gateway.tail.subscribe("*", {
    event: ({ stream }) => stream.startsWith("response:") && created.resolve(stream.slice("response:".length)),
  });
  const id = await created.promise;
  stop();
  await report(id, { status: "completed", output: { text: "hello" } });
}

/** What must be there for an example to be true. It may answer the `<id>` of the example. */
const givens: Readonly<Record<string, () => Promise<unknown>>> = {
  "GET /api/v0/agents": () => demo(),
  "GET /api/v0/agents/{name}": () => demo({ description: "Demo agent" }),
  "PUT /api/v0/agents/{name}": () => demo({ description: "Demo agent" }),
  "PUT /api/v0/agents/{name}/state": () => demo(),
  "POST /api/v0/agents/{name}/busy": () => demo(),
  "POST /api/v0/agents/{name}/idle": async () => {
    await demo();
    await order("busy");
  },
  "POST /api/v0/agents/{name}/sleep": () => demo(),
  "POST /api/v0/agents/{name}/wake": async () => {
    await demo();
    await order("sleep");
    await gateway.settle();
  },
  "POST /api/v0/agents/{name}/remix": () => demo(),
  "POST /api/v0/agents/{name}/publish": () => demo(),
  "POST /api/v0/agents/{name}/unpublish": published,
  "DELETE /api/v0/agents/{name}": () => demo(),
  "GET /api/v0/agents/{name}/responses": async () =>
    report(await asked(), { status: "completed", output: { text: "hello" } }),
  "POST /api/v0/agents/{name}/responses": async () => {
    await demo();
    void answerTheNext();
  },
  "PUT /api/v0/agents/{name}/responses/{id}": asked,
  "GET /api/v0/agents/{name}/responses/count": asked,
  "GET /api/v0/published/agents": published,
  "GET /api/v0/published/agents/{name}": published,
};

/** Fields that are documented elsewhere beside those of document C. */
const additions: Readonly<Record<string, readonly string[]>> = { "GET /api/v0/auth": ["roles"] };

/** Fills in the host and the placeholders. */
const fillWith = (id: string) => (text: string) =>
  text
    .replace("https://example.org", gateway.url)
    .replace("<name>", "demo")
    .replace("<id>", id)
    .replace("<token>", gateway.adminToken);

const examples = readExamples("document-c.txt");

describe("an example of document C, sent as it stands", () => {
  test("is there for each of its 20 routes and for the version", () => {
    expect(new Set(examples.map(({ heading }) => heading)).size).toBe(21);
  });

  test.each(examples)("$heading answers as documented", async (example) => {
    const id = String(await givens[example.heading]?.());
    const [documented] = example.answers;

    const { status, text } = await sendExample(example, fillWith(id));

    expect(status).toBe(documented?.status);
    expect(differences(documented?.text ?? "", text, additions[example.heading])).toEqual([]);
  });
});
