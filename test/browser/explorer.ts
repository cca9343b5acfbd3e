import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium as playwright, type Page } from "playwright-core";
import { expect } from "vitest";
import { chromium } from "../support/needs.ts";

/** GraphiQL in a real Chromium, as a newcomer meets it. */
export interface Explorer {
  readonly page: Page;
  /** The first browser's requests and sockets that went elsewhere, and what it complained about. */
  readonly leaks: readonly string[];
  readonly complaints: readonly string[];
  /** Turns to a tab, by the name of its first operation. */
  turnTo(tab: string): Promise<void>;
  /** Presses ▶. */
  run(): Promise<void>;
  /** Presses ▶ in a tab with several operations and picks one. */
  choose(operation: string): Promise<void>;
  /** Waits until all of these words stand among the results. */
  sees(...words: string[]): Promise<void>;
  close(): Promise<void>;
}

const switches = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens the explorer of a gateway in a browser that has never been used. */
export async function openExplorer(url: string): Promise<Explorer> {
  const folder = await mkdtemp(join(tmpdir(), "raworc-chromium-"));
  const context = await playwright.launchPersistentContext(folder, {
    executablePath: chromium.found ?? "chromium",
    headless: true,
    args: switches,
    viewport: { width: 1400, height: 1000 },
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const seen = watch(page, new URL(url).host);
  await page.goto(`${url}/graphql`);
  await page.locator(".graphiql-execute-button").waitFor();
  return {
    page,
    ...seen,
    turnTo: (tab) => page.getByRole("button", { name: tab, exact: true }).click(),
    run: () => page.locator(".graphiql-execute-button").click(),
    async choose(operation) {
      await page.locator(".graphiql-execute-button").click();
      await page.getByRole("menuitem", { name: operation, exact: true }).click();
    },
    async sees(...words) {
      const shown = async () => (await page.locator(".result-window").innerText()).replaceAll("\u00a0", " ");
      await expect.poll(shown, { timeout: 20_000 }).toEqual(expect.toSatisfy(holdsAll(words), words.join(", ")));
    },
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const holdsAll = (words: readonly string[]) => (text: string) => words.every((word) => text.includes(word));

function watch(page: Page, host: string) {
  const leaks: string[] = [];
  const complaints: string[] = [];
  const check = (address: string) => {
    const url = new URL(address.replace(/^blob:/, ""));
    if (url.protocol !== "data:" && url.host !== host) leaks.push(address);
  };
  page.on("request", (request) => check(request.url()));
  page.on("websocket", (socket) => check(socket.url()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return { leaks, complaints };
}
