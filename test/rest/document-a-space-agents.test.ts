import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeRepositories, pythonAgent } from "../builds/repository.ts";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { differences, type Example, readExamples, sendExample } from "./documented.ts";
import { refusalBody, send } from "./rest.ts";

const repositories = makeRepositories();
repositories.commit("Raworc/raworc-agent-python-demo", pythonAgent);
const gateway = await startTestGateway({ env: repositories.env });
afterAll(async () => {
  await gateway.stop();
  repositories.remove();
});

const name = "raworc-agent-python-demo";
const path = `/spaces/default/agents/${name}`;
const demo = {
  name,
  description: "Python demo agent",
  purpose: "Python agent that speaks English",
  source_repo: "Raworc/raworc-agent-python-demo",
};
const examples = readExamples("document-a-space-agents.txt");
const additions = ["space", "created_at", "updated_at"];

const fill = (text: string) =>
  text
    .replace("https://localhost:9000", gateway.url)
    .replace("<name>", "default")
    .replace("<agent_name>", name)
    .replace("<token>", gateway.adminToken);

afterEach(async () => {
  const { json } = await send(gateway, "GET", "/spaces/default/agents");
  for (const agent of json as { name: string }[]) await send(gateway, "DELETE", `/spaces/default/agents/${agent.name}`);
  await gateway.settle();
});

async function makeDemo(): Promise<void> {
  await send(gateway, "POST", "/spaces/default/agents", { body: demo });
  await gateway.settle();
}

/** Deploys the agent and has its main process print what that of a real one does. */
async function deployDemo(): Promise<void> {
  await send(gateway, "POST", `${path}/deploy`);
  await gateway.settle();
  const row = await gateway.gateway.store.spaceAgent.findFirstOrThrow({ include: { computer: true } });
  const container = `raworc-${row.computer?.id}-g1`;
  gateway.runtime.print(container, "2025-01-01T12:00:00Z [INFO] Agent started");
  gateway.runtime.print(container, "2025-01-01T12:01:00Z [INFO] Processing request");
}

/** What must be there for an example to be true. */
async function prepare({ heading, method }: Example): Promise<void> {
  if (method === "POST" && heading.endsWith("/agents")) return;
  await makeDemo();
  if (/running|logs|stop|deploy/.test(heading)) await deployDemo();
}

describe("an example of document A about space agents, sent as it stands", () => {
  test("is there for each of the 10 routes", () =>
    expect(new Set(examples.map(({ heading }) => heading)).size).toBe(10));

  test.each(examples.map((example) => [example.heading, example] as const))(
    "%s answers as documented",
    async (_heading, example) => {
      await prepare(example);
      const [documented] = example.answers;
      const { status, text } = await sendExample(example, fill);
      expect(status).toBe(documented?.status);
      expect(differences(documented?.text ?? "", text, additions)).toEqual([]);
    },
  );
});

describe("the routes of space agents", () => {
  test("refuse a name that is taken or means something else, and what cannot be deployed", async () => {
    const create = (body: object) => send(gateway, "POST", "/spaces/default/agents", { body: { ...demo, ...body } });
    expect((await create({ name: "running" })).status).toBe(400);
    expect((await create({ source_repo: undefined })).status).toBe(400);
    await makeDemo();
    expect((await create({})).json).toEqual(refusalBody("CONFLICT", expect.stringContaining("already exists")));
    expect((await create({ name: "missing", source_repo: "Raworc/missing" })).status).toBe(200);
    await gateway.settle();
    const refused = await send(gateway, "POST", "/spaces/default/agents/missing/deploy");
    expect(refused.status).toBe(409);
    expect((await send(gateway, "GET", "/spaces/default/agents/missing")).json).toMatchObject({ status: "error" });
    expect((await send(gateway, "PATCH", `${path}/status`, { body: { status: "running" } })).status).toBe(400);
    expect((await send(gateway, "GET", `${path}/nowhere`)).status).toBe(404);
  });

  test("show the last lines of a log, so many as are asked for", async () => {
    await makeDemo();
    await deployDemo();
    const logs = async (query: string) => (await send(gateway, "GET", `${path}/logs${query}`)).json;
    expect(await logs("?limit=1")).toEqual({ logs: ["2025-01-01T12:01:00Z [INFO] Processing request"] });
    expect(await logs("?limit=0")).toEqual({ logs: [] });
    expect((await send(gateway, "GET", `${path}/logs?limit=x`)).status).toBe(400);
  });

  test("follow a log as a stream of events", async () => {
    await makeDemo();
    await deployDemo();
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${gateway.adminToken}` };
    const url = `${gateway.url}/api/v0${path}/logs?limit=1&follow=true`;
    const response = await fetch(url, { headers, signal: gone.signal });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes("data:")) break;
    }
    gone.abort();
    expect(text).toContain(`data: "2025-01-01T12:01:00Z [INFO] Processing request"\n\n`);
  });

  describe("for those who may not", () => {
    const tokens = { stranger: "", developer: "" };
    beforeAll(async () => {
      tokens.stranger = await accountToken(gateway, "stranger");
      tokens.developer = await accountToken(gateway, "developer", "developer", "default");
    });

    test("answer 404 to strangers and 403 to those who may not delete", async () => {
      await makeDemo();
      const { stranger, developer } = tokens;
      expect((await send(gateway, "GET", path, { token: stranger })).status).toBe(404);
      expect((await send(gateway, "GET", `${path}/logs`, { token: stranger })).status).toBe(404);
      expect((await send(gateway, "GET", path, { token: developer })).status).toBe(200);
      expect((await send(gateway, "DELETE", path, { token: developer })).status).toBe(403);
    });
  });
});
