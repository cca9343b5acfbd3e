import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, agentNamed, answerOf, createAgent, createSpace, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const lines: string[] = [];
const gateway = await startTestGateway({
  env: { LOG_LEVEL: "trace" },
  logTo: { write: (line) => void lines.push(line) },
});
afterAll(() => gateway.stop());

const planted = { space: "planted-space-8f21c7", agent: "planted-agent-55ab90", copy: "planted-copy-c0ffee" };
const outputOf = async (name: string, command: string): Promise<string> =>
  (await answerOf(gateway, name, command)).output.text;
const digest = (value: string) => createHash("sha256").update(value).digest("hex");
/** Told by digests, so that no response holds a value. */
const environmentOf = async (name: string) => {
  const digests = ["SHARED", "OWN", "BOTH"].map((key) => `printf %s "$${key}" | sha256sum`).join("; ");
  return (await outputOf(name, digests))
    .trim()
    .split("\n")
    .map((line) => line.slice(0, 64));
};

beforeAll(async () => {
  await createSpace(gateway, "vault", { SHARED: planted.space, BOTH: "from-the-space" });
  await createAgent(gateway, "holder", { space: "vault", secrets: { OWN: planted.agent, BOTH: "own", EMPTY: "" } });
});

describe("secrets", () => {
  test("are the environment of every command: those of the space and the agent's own, which win", async () => {
    expect(await environmentOf("holder")).toEqual([planted.space, planted.agent, "own"].map(digest));
    expect(await outputOf("holder", 'echo "${EMPTY-unset}|"')).toBe("|\n");
  });

  test("reach nobody else's commands, and no container's configuration", async () => {
    await createAgent(gateway, "neighbour");
    expect(await environmentOf("neighbour")).toEqual(["", "", ""].map(digest));
    await createAgent(gateway, "roommate", { space: "vault" });
    expect(await environmentOf("roommate")).toEqual([planted.space, "", "from-the-space"].map(digest));
    expect(JSON.stringify(await gateway.runtime.list())).not.toMatch(/planted/);
  });

  test("keep any text as it is", async () => {
    const value = "a 'b' \"c\" $d \\ `e`\nsecond line\t€ 🔑 ";
    await createAgent(gateway, "exact", { secrets: { ODD: value } });
    expect(await outputOf("exact", 'printf %s "$ODD"')).toBe(value);
  });

  test("show their names to those who may look into the agent, and their values to nobody", async () => {
    expect((await agentNamed(gateway, "holder")).secretNames).toEqual(["BOTH", "EMPTY", "OWN"]);
    await gateway.data(`mutation { publishAgent(name: "holder") { name } }`);
    const stranger = await accountToken(gateway, "stranger");
    expect((await agentNamed(gateway, "holder", stranger)).secretNames).toEqual([]);
  });

  test("that were swapped between rows do not open", async () => {
    const { store } = gateway.gateway;
    await createAgent(gateway, "thief", { secrets: { OWN: "nothing" } });
    const secretOf = async (name: string) => {
      const { id } = await store.agent.findUniqueOrThrow({ where: { name } });
      return store.secret.findFirstOrThrow({ where: { ownerId: id, keyName: "OWN" } });
    };
    const { id } = await secretOf("thief");
    const { sealed } = await secretOf("holder");
    await store.secret.update({ where: { id }, data: { sealed } });
    const ended = await answerOf(gateway, "thief", "echo $OWN");
    expect(ended.status).toBe("FAILED");
    expect(JSON.stringify(ended)).not.toContain(planted.agent);
    await gateway.data(`mutation { deleteAgent(name: "thief") { name } }`);
  });

  test("of a refused value are not repeated in the error", async () => {
    const answer = await gateway.graphql(
      `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { name } }`,
      { input: { name: "leaky", secrets: { KEY: `${planted.copy}\0` } } },
    );
    expect(answer.errors).toHaveLength(1);
    expect(JSON.stringify(answer)).not.toContain(planted.copy);
    const bad = await refusalOf(
      gateway,
      `mutation { createAgent(input: { name: "leaky", secrets: "${planted.copy}" }) { name } }`,
    );
    expect(JSON.stringify(bad)).not.toContain(planted.copy);
  });

  test("are in no line of the log, however much is logged", async () => {
    // Something goes wrong with a secret at hand, which is when people log too much.
    gateway.runtime.failNext("exec", new Error("exec broke"));
    await answerOf(gateway, "holder", "true");
    gateway.runtime.failNext("ensureRunning", new Error("start broke"));
    await createAgent(gateway, "stumbling", { secrets: { OWN: planted.agent } });
    expect(lines.join("")).toContain("exec broke");
    expect(Object.values(planted).filter((value) => lines.join("").includes(value))).toEqual([]);
  });

  test("are sealed in the database: their text is in no file of the data folder, no event and no row", async () => {
    await gateway.data(`mutation { remixAgent(name: "holder", input: { name: "copied" }) { name } }`);
    await gateway.settle();
    const { dataDir } = gateway.config;
    const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).filter((name) => name.endsWith("-wal"))).toHaveLength(
      process.env["TEST_DATABASE"] === "postgresql" ? 0 : 1,
    );
    for (const { parentPath, name } of files) {
      const content = await readFile(join(parentPath, name));
      const found = Object.values(planted).filter((value) => content.includes(value));
      expect([name, found]).toEqual([name, []]);
    }
  });
});
