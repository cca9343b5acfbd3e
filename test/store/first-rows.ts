import { hash } from "node:crypto";
import { createPasswords } from "../../src/auth/passwords.ts";
import { spaceOwner, sealSecret } from "../../src/domain/secrets/owned.ts";
import type { Provider } from "../../src/store/migration-files.ts";
import type { Sealer } from "../../src/store/sealer.ts";

type Value = string | number | boolean | null | Uint8Array | { readonly json: unknown };
type Row = Readonly<Record<string, Value>>;

const at = "2026-01-01T00:00:00.000+00:00";
const times = { createdAt: at, updatedAt: at };
const json = (value: unknown) => ({ json: value });

/** Rows for every table that the first migration makes, as the first version wrote them; the password is `admin`. */
export async function firstRows(sealer: Sealer): Promise<Readonly<Record<string, readonly Row[]>>> {
  const sealed = sealSecret({ sealer }, spaceOwner("lab"), "TOKEN", "a secret value");
  const everything = [{ resources: ["*"], verbs: ["*"], scope: "global" }];
  const passwordHash = await createPasswords().hash("admin");
  return {
    Space: [space("default"), space("lab")],
    ServiceAccount: [
      { id: "account-1", user: "admin", space: null, passwordHash, tokenEpoch: 3, lastLoginAt: at, ...times },
    ],
    Role: [{ name: "admin", description: "All", rules: json(everything), ...times }],
    RoleBinding: [{ id: "binding-1", subject: "admin", roleName: "admin", space: null, ...times }],
    Secret: [
      {
        id: "secret-1",
        space: "lab",
        ownerKind: "SPACE",
        ownerId: "lab",
        keyName: "TOKEN",
        ...sealed,
        createdBy: "admin",
        ...times,
      },
    ],
    Computer: [computer("one"), computer("two")],
    Agent: [
      agent("one", { state: "SLEPT", metadata: json({ team: "a" }), tags: json(["alpha"]), engine: "EXTERNAL" }),
      agent("two", { state: "SLEPT", parentId: "agent-one", parentName: "one", isPublished: true, publishedAt: at }),
    ],
    AgentTag: [{ agentId: "agent-one", tag: "alpha" }],
    Response: [
      response("done", {
        status: "COMPLETED",
        outputText: "forty-two",
        outputOther: json({ extra: true }),
        completedAt: at,
      }),
      response("failed", {
        status: "FAILED",
        failureReason: "COMMAND_FAILED",
        failureMessage: "no",
        failureEvidence: json({ exitCode: 1 }),
        completedAt: at,
      }),
      response("once", { status: "CANCELLED", idempotencyKey: "only-once", priority: 1, completedAt: at }),
    ],
    Stream: [
      { name: "*", seq: 3 },
      { name: "response:response-done", seq: 2 },
      { name: "agent:one", seq: 1 },
    ],
    Event: [
      event(1, "agent:one", 1, "agent.created", { id: "agent-one" }),
      event(2, "response:response-done", 1, "response.item", { item: { type: "final", text: "forty-two" } }),
      event(3, "response:response-done", 2, "response.status", { status: "COMPLETED", text: "forty-two" }),
    ],
    Setting: [{ key: "deployment", value: hash("sha1", "deployment").slice(0, 12) }],
  };
}

const space = (name: string): Row => ({ name, description: `The space ${name}`, settings: json({ own: 1 }), ...times });

const computer = (name: string): Row => ({
  id: `computer-${name}`,
  space: "lab",
  desired: "STOPPED",
  phase: "STOPPED",
  generation: 2,
  volumeReady: true,
  ranMs: 5000,
  ...times,
});

const agent = (name: string, more: Row): Row => ({
  id: `agent-${name}`,
  name,
  nameKey: name,
  spaceName: "lab",
  createdById: "account-1",
  createdByName: "admin",
  description: `The agent ${name}`,
  instructions: "Be brief.",
  prepared: true,
  computerId: `computer-${name}`,
  ...more,
  ...times,
});

const response = (name: string, more: Row): Row => ({
  id: `response-${name}`,
  agentId: "agent-one",
  input: json({ text: "What is it?" }),
  createdByName: "admin",
  inputTokens: 7,
  ...more,
  ...times,
});

const event = (id: number, stream: string, seq: number, type: string, payload: object): Row => ({
  id,
  stream,
  seq,
  type,
  payload: json(payload),
  actor: "admin",
  space: "lab",
  at,
});

/** The statement that writes a row. */
export function insertion(provider: Provider, table: string, row: Row): string {
  const columns = Object.keys(row).map((name) => `"${name}"`);
  const values = Object.values(row).map((value) => literal(provider, value));
  return `INSERT INTO "${table}" (${columns.join(", ")}) VALUES (${values.join(", ")})`;
}

function literal(provider: Provider, value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "number" || typeof value === "boolean") return String(value).toUpperCase();
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  if ("json" in value) return literal(provider, JSON.stringify(value.json));
  const hex = Buffer.from(value).toString("hex");
  return provider === "sqlite" ? `X'${hex}'` : `'\\x${hex}'`;
}
