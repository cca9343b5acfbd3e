import { afterEach, describe, expect, test } from "vitest";
import { createLog } from "../../src/log.ts";
import { createAgent } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket } from "../support/live.ts";

/** Collects the lines of a log. */
function collector() {
  const lines: string[] = [];
  return { lines, write: (line: string) => void lines.push(line) };
}

describe("the log", () => {
  let stop = async () => {};
  afterEach(() => stop());

  async function start() {
    const log = collector();
    const gateway = await startTestGateway({ env: { LOG_LEVEL: "trace" }, logTo: log });
    stop = () => gateway.stop();
    return { gateway, lines: log.lines };
  }

  /** Makes the next writes fail in a way that nobody foresaw. */
  const breakStore = ({ gateway }: Awaited<ReturnType<typeof startTestGateway>>) =>
    gateway.store.$executeRawUnsafe(`DROP TABLE "AgentTag"`);

  const unexpected = (lines: readonly string[]) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === "an unexpected error");

  test("holds the whole of an error that nobody foresaw, with its request's id; the caller is told no more than that", async () => {
    const { gateway, lines } = await start();
    await breakStore(gateway);
    const query = `mutation { createAgent(input: { name: "tagged", tags: ["one"] }) { name } }`;
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${gateway.adminToken}`,
        "x-request-id": "the-one",
      },
      body: JSON.stringify({ query }),
    });
    const { errors } = (await response.json()) as { errors: unknown };
    expect(errors).toEqual([
      expect.objectContaining({
        message: "An internal error happened; the log has the details",
        extensions: { code: "INTERNAL" },
      }),
    ]);
    const [logged] = unexpected(lines);
    expect(logged).toMatchObject({ requestId: "the-one", path: "createAgent", err: { stack: expect.any(String) } });
    await overSocket(gateway, { query })
      .next()
      .catch(() => undefined);
    expect(unexpected(lines)[1]).toMatchObject({
      requestId: expect.stringMatching(/^[\w-]{36}$/),
      path: "createAgent",
    });
  });

  test("never holds a password, a token or a secret, not even of calls that failed", async () => {
    const { gateway, lines } = await start();
    const planted = { password: "planted-password", secret: "planted-secret-value" };
    const login = `mutation ($password: String!) { login(user: "admin", password: $password) { token } }`;
    await gateway.graphql(login, planted, null);
    const secrets = { API_KEY: planted.secret };
    await createAgent(gateway, "keeper", { secrets });
    await breakStore(gateway);
    const create = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { name } }`;
    await gateway.graphql(create, { input: { name: "tagged", tags: ["one"], secrets } });
    await fetch(`${gateway.url}/graphql?query=nonsense`, { headers: { authorization: `Bearer ${planted.secret}` } });
    await overSocket(gateway, { query: "{ me { user } }", token: planted.secret }).next();
    await fetch(`${gateway.url}/api/v0/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: "admin", pass: planted.password }),
    });
    const text = lines.join("");
    expect(unexpected(lines)).not.toEqual([]);
    expect(text).not.toContain(planted.password);
    expect(text).not.toContain(planted.secret);
    expect(text).not.toContain(gateway.adminToken);
    expect(text).not.toContain(gateway.adminToken.split(".")[2]);
  });

  test("names the request in the line of every answer", async () => {
    const { gateway, lines } = await start();
    await fetch(`${gateway.url}/api/v0/version?said=nothing`, { headers: { "x-request-id": "the-one" } });
    const answered = () => lines.map((line) => JSON.parse(line) as object).filter((line) => "ms" in line);
    const line = { requestId: "the-one", method: "GET", route: "/api/v0/version", status: 200, msg: "answered" };
    await expect.poll(answered).toContainEqual(expect.objectContaining(line));
  });

  test("redacts what is called a secret, should one be handed to it", () => {
    const log = collector();
    const logger = createLog({ logLevel: "info", production: true }, log);
    logger.info({ password: "hidden", login: { password: "hidden", token: "hidden" }, secrets: { KEY: "hidden" } });
    logger.info({
      agent: { secrets: { KEY: "hidden" } },
      req: { headers: { authorization: "hidden", cookie: "hidden" } },
    });
    expect(log.lines.join("")).not.toContain("hidden");
  });

  test("says nothing of deprecations when the server starts", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => void warnings.push(warning);
    process.on("warning", listen);
    await start();
    process.off("warning", listen);
    expect(warnings.filter(({ name }) => name.includes("Deprecation"))).toEqual([]);
  });
});
