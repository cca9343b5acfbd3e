import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";

describe("what is inside an agent's computer", () => {
  let gateway: Awaited<ReturnType<typeof startTestGateway>>;
  beforeAll(async () => {
    gateway = await startTestGateway();
    await gateway.data(
      `mutation { createAgent(input: { name: "boxed", engine: SHELL, secrets: { GREETING: "hi" } }) { name } }`,
    );
    await gateway.settle();
  });
  afterAll(() => gateway.stop());

  test("a written file is listed, described and read back", async () => {
    const write = `mutation { writeFile(agent: "boxed", path: "notes/one.txt", content: "first") { path kind size } }`;
    expect(await gateway.data(write)).toEqual({ writeFile: { path: "notes/one.txt", kind: "FILE", size: 5 } });
    const read = `{ agent(name: "boxed") { files(path: "notes") { nodes { name path } totalCount nextOffset } file(path: "notes/one.txt") { content base64: content(encoding: BASE64) } } }`;
    expect((await gateway.data(read)).agent).toEqual({
      files: { nodes: [{ name: "one.txt", path: "notes/one.txt" }], totalCount: 1, nextOffset: null },
      file: { content: "first", base64: "Zmlyc3Q=" },
    });
  });

  test("a deleted file is gone", async () => {
    await gateway.data(`mutation { writeFile(agent: "boxed", path: "gone.txt", content: "") { path } }`);
    await gateway.data(`mutation { deleteFile(agent: "boxed", path: "gone.txt") }`);
    const answer = await gateway.graphql(`{ agent(name: "boxed") { file(path: "gone.txt") { name } } }`);
    expect(answer.errors?.[0]?.extensions.code).toBe("NOT_FOUND");
  });

  test.each(["../etc/passwd", "/etc/passwd", ""])("the path %j is refused", async (path) => {
    const query = `query ($path: String!) { agent(name: "boxed") { file(path: $path) { name } } }`;
    const answer = await gateway.graphql(query, { path });
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: "path" });
  });

  test("a command runs with the agent's secrets and says how it ended", async () => {
    const run = `mutation ($command: [String!]!) { exec(agent: "boxed", command: $command) { end exitCode stdout } }`;
    const { exec } = await gateway.data(run, { command: ["bash", "-c", 'echo "$GREETING"; exit 3'] });
    expect(exec).toEqual({ end: "exited", exitCode: 3, stdout: "hi\n" });
  });

  test("while the agent sleeps nobody looks inside, and it is not woken", async () => {
    await gateway.data(`mutation { sleepAgent(name: "boxed") { state } }`);
    for (const query of [
      `{ agent(name: "boxed") { files { totalCount } } }`,
      `mutation { exec(agent: "boxed", command: ["true"]) { end } }`,
    ]) {
      const answer = await gateway.graphql(query);
      expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "CONFLICT", state: "SLEPT" });
    }
    expect((await gateway.data(`{ agent(name: "boxed") { state } }`)).agent.state).toBe("SLEPT");
  });
});
