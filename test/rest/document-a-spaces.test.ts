import { afterAll, afterEach, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { differences, type Example, readExamples, sendExample } from "./documented.ts";
import { send } from "./rest.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());
afterEach(async () => {
  const { store } = gateway.gateway;
  await store.secret.deleteMany();
  await store.space.deleteMany({ where: { name: { not: "default" } } });
});

const examples = readExamples("document-a-spaces.txt");
const named = (heading: string) => examples.filter((example) => example.heading === heading);

const fill = (text: string) =>
  text
    .replace("https://localhost:9000", gateway.url)
    .replace("<name>", "staging")
    .replace("<token>", gateway.adminToken);

/** What must be there for an example to be true: what the example of POST makes. */
async function prepare({ heading, method }: Example): Promise<void> {
  if (method === "POST" || (heading.includes("spaces") && !heading.includes("/{name}"))) return;
  const collection = heading.includes("/secrets") ? "/api/v0/spaces/{name}/secrets" : "/api/v0/spaces";
  for (const example of named(`POST ${collection}`)) await sendExample(example, fill);
}

/** Fields that the contract adds to those of the document. */
const additions = ["space", "created_by"];
const additionsOf = ({ heading, method }: Example) =>
  heading.includes("/secrets") && method !== "POST" ? additions : [];

describe("an example of document A about spaces and their secrets, sent as it stands", () => {
  test("is there for each of the 10 routes", () => {
    expect(new Set(examples.map(({ heading }) => heading.replace(/\?.*/, ""))).size).toBe(10);
  });

  test.each(examples.map((example) => [example.heading, example] as const))(
    "%s answers as documented",
    async (_heading, example) => {
      await prepare(example);
      const [documented] = example.answers;
      const { status, text } = await sendExample(example, fill);
      expect(status).toBe(documented?.status);
      expect(differences(documented?.text ?? "", text, additionsOf(example))).toEqual([]);
    },
  );
});

describe("the flat routes of document B", () => {
  test("are those of the default space, or of the space in the query", async () => {
    await send(gateway, "POST", "/spaces", { body: { name: "staging" } });
    const body = { key_name: "TOKEN", value: "flat" };
    expect((await send(gateway, "POST", "/secrets", { body })).json).toMatchObject({ space: "default" });
    expect((await send(gateway, "POST", "/secrets?space=staging", { body })).json).toMatchObject({ space: "staging" });

    for (const [flat, nested] of [
      ["/secrets", "/spaces/default/secrets"],
      ["/secrets?space=staging", "/spaces/staging/secrets"],
      ["/secrets/TOKEN", "/spaces/default/secrets/TOKEN"],
      ["/secrets/TOKEN?space=staging&show_values=true", "/spaces/staging/secrets/TOKEN?show_values=true"],
    ] as const) {
      const [one, other] = [await send(gateway, "GET", flat), await send(gateway, "GET", nested)];
      expect([one.status, one.text]).toEqual([200, other.text]);
    }

    const changed = await send(gateway, "PUT", "/secrets/TOKEN?space=staging", { body: { description: "new" } });
    expect(changed.json).toMatchObject({ space: "staging", description: "new" });
    expect((await send(gateway, "DELETE", "/secrets/TOKEN")).status).toBe(200);
    expect((await send(gateway, "GET", "/secrets/TOKEN")).status).toBe(404);
    expect((await send(gateway, "GET", "/secrets/TOKEN?space=staging")).status).toBe(200);
  });
});
