import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { makeRepositories, nodeAgent, pythonAgent } from "../builds/repository.ts";
import { addAgent, buildsOf, logOf } from "../builds/support.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openEngineDirectly, openTestRuntime, removeComputer, run, startComputer, testImage } from "./world.ts";

const repositories = makeRepositories();
const planted = "pl4nted-s3cret";

describe("builds in Docker, without a network", () => {
  let runtime: Runtime;
  let world: TestGateway<Runtime>;
  const direct = openEngineDirectly();
  beforeAll(async () => {
    runtime = openTestRuntime();
    await runtime.ensureImage(testImage);
    const env = { ...repositories.env, RAWORC_AGENT_IMAGE: testImage, ANTHROPIC_API_KEY: planted };
    world = await startTestGateway({ runtime, env });
    await world.data(`mutation ($input: SecretInput!) { setSecret(input: $input) { key } }`, {
      input: { space: "default", key: "PLANTED", value: planted },
    });
  }, 180_000);
  afterAll(async () => {
    for (const { name } of await runtime.images.list()) await runtime.images.remove(name);
    await world.stop();
    repositories.remove();
  }, 60_000);

  const makeSpace = (name: string) =>
    world.data(`mutation ($name: String!) { createSpace(input: { name: $name }) { name } }`, { name });

  test("make an image in which agents for Python and Node answer, and which no computer can change", async () => {
    await makeSpace("both");
    const node = { ...nodeAgent, "raworc.json": JSON.stringify({ build_command: "id -u > built-by; env > env.txt" }) };
    const commit = repositories.commit("o/python", pythonAgent);
    repositories.commit("o/node", node);
    const { gateway } = world;
    await addAgent(gateway, { spaceName: "both", name: "python", sourceRepo: "o/python" });
    await addAgent(gateway, { spaceName: "both", name: "node", sourceRepo: "o/node" });
    await world.settle();
    const [build] = await buildsOf(gateway, "both");
    const log = await logOf(gateway, build?.id ?? "");
    expect({ status: build?.status, log }).toMatchObject({ status: "COMPLETED" });
    expect(log).toContain(`[python] is at ${commit}`);
    const computer = await startComputer(runtime, { image: build?.image ?? "" });
    const folder = "cd $RAWORC_AGENTS";
    const python = `${folder}/python && python3 -c 'import main; print(main.process_message("x", {}))'`;
    expect((await run(runtime, computer, python)).stdout).toBe("python heard x\n");
    const js = `${folder}/node && node -p 'require("./index.js").processMessage("x")' && cat built-by`;
    expect((await run(runtime, computer, js)).stdout).toBe("node heard x\n1000\n");
    const write = `${folder}/node && { echo x > index.js || touch new || rm -f index.js; }; ls -ld . | cut -c1-10; ls`;
    const seen = await run(runtime, computer, write);
    expect(seen.stdout).toBe("drwxr-xr-x\nbuilt-by\nenv.txt\nindex.js\npackage.json\nraworc.json\n");
    expect((await run(runtime, computer, "ls -A /agent")).stdout).toBe("");
    await removeComputer(runtime, computer);
  });

  test("leave no secret in the image, its settings, its history or its log", async () => {
    const [build] = await buildsOf(world.gateway, "both");
    const image = direct.getImage(build?.image ?? "");
    const inspected = await image.inspect();
    expect(inspected.Config.User).toBe("1000:1000");
    expect(inspected.Config.Labels).toMatchObject({ "raworc.build": build?.id, "raworc.space": "both" });
    const [layers, base] = [inspected.RootFS.Layers ?? [], (await direct.getImage(testImage).inspect()).RootFS.Layers];
    expect(layers).toHaveLength((base ?? []).length + 1);
    const described =
      JSON.stringify([inspected, await image.history()]) + (await logOf(world.gateway, build?.id ?? ""));
    expect(described).not.toContain(planted);
    const pieces: Buffer[] = [];
    for await (const piece of Readable.from(await image.get())) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).includes(planted)).toBe(false);
  });

  test("run commands that are denied what every computer is denied", async () => {
    await makeSpace("denied");
    const build_command = `
      grep -E 'CapEff|NoNewPrivs' /proc/self/status
      tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '
      touch /usr/x /etc/x; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; exit 0`;
    repositories.commit("o/denied", { ...nodeAgent, "raworc.json": JSON.stringify({ build_command }) });
    await addAgent(world.gateway, { spaceName: "denied", name: "denied", sourceRepo: "o/denied" });
    await world.settle();
    const [build] = await buildsOf(world.gateway, "denied");
    const log = await logOf(world.gateway, build?.id ?? "");
    expect(log).toMatch(/CapEff:\s+0000000000000000/);
    expect(log).toMatch(/NoNewPrivs:\s+1/);
    expect(log).toContain("[denied] lo\n");
    expect(log).not.toContain("eth0");
    expect(log).toMatch(/touch: .*\/usr\/x.*Permission denied/);
    expect(log).toContain("[denied] 512");
  });

  test("that are begun anew are out of reach for who began them before", async () => {
    const name = "raworc_space_twice:build-1";
    const limits = { memoryBytes: 256 * 1_048_576, cpus: 1, pids: 64 };
    const spec = { name, base: testImage, labels: {}, network: "NONE", limits, maxBytes: 64 * 1_048_576 } as const;
    const [images, timeoutMs] = [runtime.images, 20_000];
    const before = await images.open(spec);
    await before.run({ argv: ["true"], timeoutMs });
    const after = await images.open(spec);
    await after.run({ argv: ["sh", "-c", 'echo new > "$RAWORC_AGENTS/which"'], timeoutMs });
    const late = before.run({ argv: ["sh", "-c", "echo old > /opt/raworc/agents/which"], timeoutMs });
    await expect(late).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(before.commit()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await before.discard();
    let seen = "";
    const onOutput = (chunk: Uint8Array) => void (seen += Buffer.from(chunk).toString());
    await after.run({ argv: ["cat", "/opt/raworc/agents/which"], timeoutMs, onOutput });
    expect(seen).toBe("new\n");
    await after.commit();
    await after.discard();
    await images.remove(name);
  });

  test("leave no container behind, and no image that nothing uses", async () => {
    const { gateway } = world;
    const [before] = await buildsOf(gateway, "both");
    const computer = await startComputer(runtime, { image: before?.image ?? "" });
    await world.data(`mutation { buildSpace(space: "both") { id } }`);
    await world.settle();
    await world.clock.advance(120);
    const names = async () => (await runtime.images.list()).map(({ name }) => name);
    const [after] = await buildsOf(gateway, "both");
    expect(await names()).toContain(after?.image);
    expect(await names()).toContain(before?.image); // no row names it, but the engine knows of the computer
    await removeComputer(runtime, computer);
    await world.clock.advance(31);
    expect(await names()).not.toContain(before?.image);
    const containers = await direct.listContainers({ all: true });
    expect(containers.flatMap(({ Names }) => Names).filter((name) => name.includes("draft"))).toEqual([]);
    await world.data(`mutation { deleteSpace(name: "both") { name } }`);
    await world.settle();
    expect(await names()).not.toContain(after?.image);
  });
});
