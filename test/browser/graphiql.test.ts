import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openExplorer } from "./explorer.ts";

/** Waits for the next socket of the page to ask for a subscription. */
async function untilSubscribed(page: Page) {
  const socket = await page.waitForEvent("websocket");
  const { payload } = await socket.waitForEvent("framesent", ({ payload: sent }) =>
    String(sent).includes('"subscribe"'),
  );
  return { socket, asked: String(payload) };
}

describe("GraphiQL in a browser", () => {
  let gateway: TestGateway<Runtime>;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "raworc-graphiql-"));
    const log = pino({ level: "silent" });
    gateway = await startTestGateway({ runtime: createProcessRuntime({ dataDir, deployment: "graphiql", log }) });
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const open = async () => {
    const explorer = await openExplorer(gateway.url);
    onTestFinished(() => explorer.close());
    return explorer;
  };

  test("leads from login to a live response by ▶ in one tab after the other, all from the gateway itself", async () => {
    const explorer = await open();
    await explorer.run();
    await explorer.sees('"token"', '"role": "admin"');

    await explorer.turnTo("CreateAgent");
    await explorer.run();
    await explorer.sees('"name": "demo"', '"engine": "SHELL"');

    await explorer.turnTo("SendResponse");
    await explorer.run();
    await explorer.sees('"id"', '"status": "PENDING"');

    await explorer.turnTo("WatchIt");
    const socket = explorer.page.waitForEvent("websocket");
    await explorer.run();
    expect((await socket).url()).toBe(`${gateway.url.replace("http", "ws")}/graphql`);
    await explorer.sees("live, newest first", "tool_call");
    await explorer.sees("ended, newest first", '"status": "COMPLETED"', "tool_result", "[exit_code:0]", "step 3");

    expect(explorer.leaks).toEqual([]);
    expect(explorer.complaints).toEqual([]);
  });

  test("leads from login through a session's first message to its answer, heard as it comes", async () => {
    const explorer = await open();
    await explorer.run();
    await explorer.sees('"token"');
    await explorer.turnTo("CreateSession");
    await explorer.choose("CreateSession");
    await explorer.sees('"state": "INIT"');
    await explorer.choose("SendMessage");
    await explorer.sees('"seq": 1', '"status": "PENDING"');
    await explorer.turnTo("Listen");
    await explorer.run();
    await explorer.sees("live, newest first", '"seq": 2', '"role": "ASSISTANT"', "47");
    expect(explorer.complaints).toEqual([]);
  });

  test("keeps tabs and login over a reload, and gives neither to another window", async () => {
    const explorer = await open();
    await explorer.run();
    await explorer.sees('"token"');
    await explorer.turnTo("EverythingLive");
    await explorer.page.waitForFunction(() =>
      localStorage.getItem("graphiql:tabState")?.includes('"activeTabIndex":5'),
    );
    const listening = untilSubscribed(explorer.page);
    await explorer.page.reload();
    await explorer.page.locator(".graphiql-tab-active", { hasText: "EverythingLive" }).waitFor();
    expect(await explorer.page.locator(".graphiql-tab").count()).toBe(9);

    await explorer.run();
    await explorer.page.getByRole("button", { name: "Stop query" }).waitFor();
    await listening;
    await gateway.data(`mutation { createAgent(input: { name: "seen-live", engine: SHELL }) { name } }`);
    await explorer.sees("agent:seen-live");
    expect(await explorer.page.evaluate(() => JSON.stringify(localStorage))).not.toContain("eyJ");
  });

  test("runs a tab by the first press of ▶ right after a turn from one with several operations", async () => {
    const explorer = await open();
    await explorer.run();
    await explorer.sees('"token"');
    for (let round = 0; round < 5; round += 1) {
      const listening = untilSubscribed(explorer.page);
      await explorer.turnTo("Sleep");
      await explorer.turnTo("EverythingLive");
      await explorer.run();
      expect((await listening).asked).toContain("EverythingLive");
    }
  });

  test("a press on stop ends the subscription at once, also while nothing happens", async () => {
    const explorer = await open();
    await explorer.run();
    await explorer.sees('"token"');
    await explorer.turnTo("EverythingLive");
    const listening = untilSubscribed(explorer.page);
    await explorer.run();
    const { socket } = await listening;
    await Promise.all([
      socket.waitForEvent("close"),
      explorer.page.getByRole("button", { name: "Stop query" }).click(),
    ]);
    await explorer.page.getByRole("button", { name: "Execute query" }).waitFor();
    expect(explorer.complaints).toEqual([]);
  });

  test("says what is wrong when a subscription is not signed in", async () => {
    const explorer = await open();
    await explorer.turnTo("EverythingLive");
    await explorer.run();
    await explorer.sees("UNAUTHENTICATED");
    expect(explorer.complaints).toEqual([]);
  });

  test("says in the first tab that computers are no containers", async () => {
    const { page } = await open();
    await expect
      .poll(() => page.locator(".graphiql-query-editor").innerText(), { timeout: 20_000 })
      .toContain("WARNING");
  });
});

test("production serves no GraphiQL and tells nothing of the schema", async () => {
  const gateway = await startTestGateway({ env: { NODE_ENV: "production", RAWORC_ADMIN_PASSWORD: "admin" } });
  onTestFinished(() => gateway.stop());

  const page = await fetch(`${gateway.url}/graphql`, { headers: { accept: "text/html" } });
  expect(page.headers.get("content-type") ?? "").not.toContain("html");
  expect(await page.text()).not.toMatch(/graphiql/i);
  const { errors } = await gateway.graphql("{ __schema { queryType { name } } }");
  expect(errors?.[0]?.message).toContain("introspection");
});
