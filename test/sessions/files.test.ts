import { afterAll, describe, expect, test } from "vitest";
import { accountToken, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { createSession, orderSession, talk } from "../support/sessions.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const folder = `query ($id: ID!) { session(id: $id) {
  files(path: "out") { totalCount nodes { path name kind size content } }
  file(path: "out/a.txt") { content(encoding: BASE64) }
} }`;

describe("the files of a session", () => {
  test("are listed and read as its messages left them", async () => {
    const { id } = await createSession(gateway);
    await talk(gateway, id, "mkdir out; echo one > out/a.txt; echo second > out/b.txt");
    const { session } = await gateway.data(folder, { id });
    expect(session.files).toEqual({
      totalCount: 2,
      nodes: [
        { path: "out/a.txt", name: "a.txt", kind: "FILE", size: 4, content: "one\n" },
        { path: "out/b.txt", name: "b.txt", kind: "FILE", size: 7, content: "second\n" },
      ],
    });
    expect(session.file.content).toBe("b25lCg==");
  });

  test.each([
    ["pauseSession", "PAUSED; resume it first"],
    ["suspendSession", "SUSPENDED; resume it first"],
    ["closeSession", "CLOSED; restore it first"],
  ])("are not looked at after %s, and looking resumes nothing", async (verb, what) => {
    const { id } = await createSession(gateway);
    await orderSession(gateway, verb, id);
    const { errors } = await gateway.graphql(folder, { id });
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining(what), extensions: { code: "CONFLICT" } });
  });

  test("are shown to those who may read files in its space, not to all who may read the session", async () => {
    const rules = `[{ resources: ["sessions"], verbs: ["get", "list"] }]`;
    await gateway.data(`mutation { createRole(input: { name: "session-reader", rules: ${rules} }) { name } }`);
    const reader = await accountToken(gateway, "reads", "session-reader", "default");
    const developer = await accountToken(gateway, "develops", "developer", "default");
    const { id } = await createSession(gateway);
    await talk(gateway, id, "mkdir out; echo one > out/a.txt");
    expect(await refusalOf(gateway, folder, { id }, reader)).toMatchObject({ code: "FORBIDDEN" });
    expect((await gateway.data(folder, { id }, developer)).session.files.totalCount).toBe(1);
  });

  test("leave /agent by no path", async () => {
    const { id } = await createSession(gateway);
    for (const path of ["../etc/passwd", "/etc/passwd", "a/../../etc"]) {
      const query = `query ($id: ID!, $path: String!) { session(id: $id) { file(path: $path) { size } } }`;
      expect(await refusalOf(gateway, query, { id, path })).toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });
});
