import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { endOf, expectTruthful, untilAgent, untilItem } from "./watch.ts";
import { ask, askAndWait, createAgent, untilLogged } from "./world.ts";

const refusal = mountRefusal();

describe(`a full disk${refusal === null ? "" : ` (${refusal})`}`, () => {
  let folder: string;
  let gateway: GatewayProcess;
  beforeEach(async (context) => {
    if (refusal !== null) return context.skip(refusal);
    folder = mkdtempSync(join(tmpdir(), "raworc-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]);
    gateway = await start();
    await createAgent(gateway, "worker");
    await untilAgent(gateway, "worker", "IDLE");
  });
  afterEach(async () => {
    if (refusal !== null) return;
    await gateway.kill();
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  const start = () => startGatewayProcess({ dataDir: folder, env: { RAWORC_RUNTIME: "process", LOG_LEVEL: "error" } });
  const filler = () => join(folder, "filler");
  const fill = () => fillUp(folder, filler());
  const free = () => rmSync(filler());

  test("refuses writes as UNAVAILABLE and half-makes nothing; reads go on; with space again all is well", async () => {
    fill();
    const refusals = await untilRefused(gateway);
    expect(refusals.code).toBe("UNAVAILABLE");
    expect(refusals.message).toMatch(/disk is full/);
    const { agents } = await gateway.ask("{ agents(first: 1000) { nodes { name } totalCount } }");
    expect(agents.nodes.map(({ name }: { name: string }) => name).toSorted()).toEqual(["worker", ...refusals.made]);

    free();
    await createAgent(gateway, refusals.refused);
    expect(await askAndWait(gateway, refusals.refused, "echo well")).toBe("well\n");
    expect(await askAndWait(gateway, "worker", "echo well")).toBe("well\n");
  });

  test("loses nothing that was acknowledged, and what ran ends truthfully, also across a kill", async () => {
    const id = await ask(gateway, "worker", "until [ -e go ]; do sleep 0.05; done; echo done");
    await untilItem(gateway, id, "tool_call");
    fill();
    const { made } = await untilRefused(gateway);
    await gateway.kill();
    free();

    gateway = await start();
    expectTruthful(await endOf(gateway, id));
    for (const name of ["worker", ...made]) await untilAgent(gateway, name, "IDLE");
    expect(await askAndWait(gateway, "worker", "echo well")).toBe("well\n");
  });

  test("a command that ends while the disk is full has its truthful end once there is space", async () => {
    const id = await ask(gateway, "worker", "until [ -e go ]; do sleep 0.05; done; echo done");
    const queued = await ask(gateway, "worker", "echo next");
    await createAgent(gateway, "neighbour");
    await untilItem(gateway, await ask(gateway, "neighbour", "sleep 60"), "tool_call");
    await untilItem(gateway, id, "tool_call");
    fill();
    await untilRefused(gateway);
    const { agent } = await gateway.ask(`{ agent(name: "worker") { computer { id } } }`);
    const go = join(folder, "computers", "volumes", `raworc-${agent.computer.id}`, "go");
    const refused = untilLogged(gateway, "could not be stored");
    writeFileSync(go, ""); // an empty file takes no space, only an entry
    await refused;
    free();
    expectTruthful(await endOf(gateway, id));
    expect((await endOf(gateway, queued)).at(-1)).toMatchObject({ status: "COMPLETED" });
  });
});

/** Creates agents until one is refused; answers those that were made, and the refusal. */
async function untilRefused({ url, token }: GatewayProcess) {
  const made: string[] = [];
  for (let count = 0; ; count++) {
    const name = `filled-${count}`;
    const query = `mutation { createAgent(input: { name: "${name}", engine: SHELL, description: "${"x".repeat(2000)}" }) { name } }`;
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) });
    const { errors } = (await answer.json()) as Refusals;
    const first = errors?.[0];
    if (first) return { made, refused: name, message: first.message, code: first.extensions.code };
    made.push(name);
  }
}

interface Refusals {
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

/** Takes all the space there is. */
function fillUp(folder: string, file: string): void {
  const { bavail, bsize } = statfsSync(folder);
  for (let bytes = bavail * bsize; bytes >= bsize; bytes = Math.floor(bytes / 2)) {
    try {
      writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // Somebody took some of it meanwhile; half as much may fit.
    }
  }
}

/** Why a small file system cannot be mounted here; `null` when it can. */
function mountRefusal(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "raworc-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "pipe" });
    execFileSync("umount", [folder]);
    return null;
  } catch {
    return "a small file system cannot be mounted here; that needs root";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
