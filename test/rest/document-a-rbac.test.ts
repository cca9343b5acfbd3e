import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { differences, type Example, readExamples, sendExample } from "./documented.ts";
import { send } from "./rest.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.stop());

const post = async (path: string, body: object): Promise<Record<string, string>> =>
  (await send(gateway, "POST", path, { body })).json;

const account = () =>
  post("/service-accounts", { user: "api-user", pass: "old-password", description: "API access user" });
const rule = { apiGroups: [""], resources: ["sessions", "messages"], verbs: ["get", "list", "create"] };
const role = async () => {
  await send(gateway, "DELETE", "/roles/developer");
  return post("/roles", { id: "developer", description: "Developer role", rules: [rule] });
};
const placed = async () => {
  await account();
  await post("/spaces", { name: "staging" });
};
const binding = async () => {
  await placed();
  return post("/role-bindings", { subject: "api-user", role_ref: "developer", space: "staging" });
};

/** What must be there for an example to be true; it answers the thing that `<id>` means. */
const givens: Readonly<Record<string, () => Promise<unknown>>> = {
  "GET /api/v0/service-accounts": async () => {
    await account();
    await post("/operators/api-user/login", { pass: "old-password" });
  },
  "/api/v0/service-accounts/{id}": account,
  "/api/v0/service-accounts/{id}/password": account,
  "POST /api/v0/roles": () => send(gateway, "DELETE", "/roles/developer"), // the built-in one has its name
  "/api/v0/roles/{id}": role,
  "POST /api/v0/role-bindings": placed,
  "/api/v0/role-bindings/{id}": binding,
};

const given = async ({ heading }: Example): Promise<string> => {
  const thing = await (givens[heading] ?? givens[heading.replace(/^\w+ /, "")])?.();
  return String(Object(thing).id);
};

/** A list's order is not promised by the document, nor that nobody else is in it. */
const inDocumentedOrder = (documented: string, answered: string): string => {
  if (!documented.startsWith("[")) return answered;
  const keyOf = ({ user, name, id }: Record<string, string>) => user ?? name ?? id;
  const rows = JSON.parse(answered) as Record<string, string>[];
  const wanted = JSON.parse(documented) as Record<string, string>[];
  return JSON.stringify(wanted.map((one) => rows.find((row) => keyOf(row) === keyOf(one))));
};

const examples = readExamples("document-a-rbac.txt");

describe("an example of document A about accounts, roles and bindings, sent as it stands", () => {
  test("is there for each of the 14 routes", () => {
    expect(new Set(examples.map(({ heading }) => heading)).size).toBe(14);
  });

  test.each(examples)("$heading answers as documented", async (example) => {
    const id = await given(example);
    const fill = (text: string) =>
      text.replace("https://localhost:9000", gateway.url).replace("<id>", id).replace("<token>", gateway.adminToken);
    const [{ status: wanted, text: documented } = { status: 0, text: "" }] = example.answers;

    const { status, text } = await sendExample(example, fill);

    expect([status, wanted]).toEqual([200, 200]);
    const additions = example.heading.includes("/roles") ? ["id"] : [];
    expect(differences(documented, inDocumentedOrder(documented, text), additions)).toEqual([]);
  });
});
