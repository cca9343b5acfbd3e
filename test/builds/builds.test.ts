import { afterAll, describe, expect, test } from "vitest";
import { builtAgentsOf, latestImage } from "../../src/domain/builds/build.ts";
import { mostEnded } from "../../src/domain/builds/prune.ts";
import { buildSpace } from "../../src/domain/builds/order.ts";
import { conflict, notFound } from "../../src/errors.ts";
import { startTestGateway } from "../support/gateway.ts";
import { makeRepositories, nodeAgent, pythonAgent } from "./repository.ts";
import { addAgent, buildsOf, changeAgent, deleteAgent, logOf, storyOf } from "./support.ts";

const repositories = makeRepositories();
const world = await startTestGateway({ env: repositories.env });
const { gateway, runtime } = world;
afterAll(async () => {
  await world.stop();
  repositories.remove();
});

let spaces = 0;
async function newSpace(): Promise<string> {
  const name = `space-${(spaces += 1)}`;
  await world.data(`mutation ($name: String!) { createSpace(input: { name: $name }) { name } }`, { name });
  return name;
}

const imagesOf = async (spaceName: string) =>
  (await runtime.images.list()).map(({ name }) => name).filter((name) => name.startsWith(`raworc_space_${spaceName}:`));

const order = async (space: string): Promise<string> =>
  (await world.data(`mutation ($space: ID!) { buildSpace(space: $space) { id } }`, { space })).buildSpace.id;
const cancellation = `mutation ($id: ID!) { cancelBuild(id: $id) { status error } }`;
const spec = { network: "NONE", limits: { memoryBytes: 1, cpus: 1, pids: 1 }, labels: {} } as const;

/** A computer that is made from an image, as far as the store knows. */
async function useImage(space: string, image: string): Promise<string> {
  const [id, at] = [gateway.newId(), gateway.now()];
  await gateway.store.computer.create({
    data: { id, space, image, desired: "STOPPED", phase: "STOPPED", createdAt: at, updatedAt: at },
  });
  return id;
}

describe("a build", () => {
  test("makes one image of all agents of the space, and says of each what it took", async () => {
    const spaceName = await newSpace();
    const commit = repositories.commit("raworc/python", pythonAgent);
    repositories.commit("raworc/node", nodeAgent);
    await addAgent(gateway, { spaceName, name: "python", sourceRepo: "raworc/python" });
    await addAgent(gateway, { spaceName, name: "node", sourceRepo: "raworc/node" });
    await world.settle();
    const [build] = await buildsOf(gateway, spaceName);
    if (!build) throw new Error("there is no build");
    expect(build).toMatchObject({ status: "COMPLETED", error: null, image: `raworc_space_${spaceName}:${build.id}` });
    expect(build.id).toMatch(/^build-[0-9a-f-]{36}$/);
    const manifest = { description: null, purpose: null, capabilities: [], buildCommand: null };
    expect(builtAgentsOf(build)).toEqual([
      {
        name: "node",
        sourceRepo: "raworc/node",
        sourceBranch: "main",
        commit: expect.stringMatching(/^[0-9a-f]{40}$/),
        manifest: { ...manifest, runtime: "node", handler: "index.processMessage" },
        error: null,
      },
      {
        name: "python",
        sourceRepo: "raworc/python",
        sourceBranch: "main",
        commit,
        manifest: { ...manifest, runtime: "python3", handler: "main.process_message" },
        error: null,
      },
    ]);
    expect(await imagesOf(spaceName)).toContain(build.image);
    expect(await storyOf(gateway, build.id)).toEqual([
      "build.created",
      "build.started",
      "build.log",
      "build.completed",
    ]);
    expect(await logOf(gateway, build.id)).toContain(`[python] is at ${commit}`);
    expect(await latestImage(gateway.store, spaceName)).toMatchObject({ id: build.id });
  });

  test("leaves out an agent that cannot be built, says why, and removes what it left", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/good", nodeAgent);
    repositories.commit("raworc/broken", {
      ...nodeAgent,
      "raworc.json": JSON.stringify({ build_command: "echo one; echo two >&2; exit 7" }),
    });
    repositories.commit("raworc/unclear", { "raworc.json": `{"runtime": "ruby"}` });
    repositories.commit("raworc/elsewhere", { ...nodeAgent, "raworc.json": `{"handler": "other.answer"}` });
    for (const name of ["good", "broken", "unclear", "absent", "elsewhere"]) {
      await addAgent(gateway, { spaceName, name, sourceRepo: `raworc/${name}` });
    }
    await world.settle();
    const [build] = await buildsOf(gateway, spaceName);
    if (!build) throw new Error("there is no build");
    expect(build.status).toBe("COMPLETED");
    const errors = new Map(builtAgentsOf(build).map(({ name, error }) => [name, error]));
    expect(errors.get("good")).toBe(null);
    expect(errors.get("broken")).toBe("The build command ended with exit code 7");
    expect(errors.get("unclear")).toBe('raworc.json: "runtime" must be python3 or node');
    expect(errors.get("absent")).toMatch(/does not appear to be a git repository/);
    expect(errors.get("elsewhere")).toBe("The handler other.answer has no module here");
    const log = await logOf(gateway, build.id);
    expect(log).toContain("[broken] one\n[broken] two\n[broken] is left out: The build command ended");
    const image = build.image ?? "";
    await runtime.ensureVolume("look", {});
    await runtime.ensureContainer({ ...spec, name: "look", image, volume: "look" });
    await runtime.ensureRunning("look");
    let listed = "";
    const onOutput = (chunk: Uint8Array) => void (listed += Buffer.from(chunk).toString());
    await runtime.exec("look", { argv: ["ls", "/opt/raworc/agents"], timeoutMs: 5_000, onOutput });
    expect(listed).toBe("good\n");
    await runtime.removeContainer("look");
  });

  test("without any agent that works has failed, and leaves no image and the one before in place", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/turns-bad", nodeAgent);
    await addAgent(gateway, { spaceName, name: "turns-bad", sourceRepo: "raworc/turns-bad" });
    await world.settle();
    const [first] = await buildsOf(gateway, spaceName);
    repositories.commit("raworc/turns-bad", { "raworc.json": `{"build_command": "exit 1"}` });
    await order(spaceName);
    await world.settle();
    const [second] = await buildsOf(gateway, spaceName);
    expect(second).toMatchObject({ status: "FAILED", image: null, error: expect.stringContaining("exit code 1") });
    expect(await imagesOf(spaceName)).toEqual([first?.image]);
    expect(await latestImage(gateway.store, spaceName)).toMatchObject({ id: first?.id });
    expect(await storyOf(gateway, second?.id ?? "")).toEqual([
      "build.created",
      "build.started",
      "build.log",
      "build.failed",
    ]);
  });

  test("of a space without agents completes without an image, and what is started gets the usual one", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/leaves", nodeAgent);
    await addAgent(gateway, { spaceName, name: "leaves", sourceRepo: "raworc/leaves" });
    await world.settle();
    expect(await latestImage(gateway.store, spaceName)).not.toBe(null);
    await deleteAgent(gateway, "leaves", spaceName);
    await world.settle();
    const [build] = await buildsOf(gateway, spaceName);
    expect(build).toMatchObject({ status: "COMPLETED", image: null, agents: [] });
    expect(await latestImage(gateway.store, spaceName)).toBe(null);
  });

  test("takes no longer than it may", { timeout: 20_000 }, async () => {
    const hasty = await startTestGateway({ env: { ...repositories.env, RAWORC_BUILD_SECONDS: "1" } });
    repositories.commit("raworc/endless", { ...nodeAgent, "raworc.json": `{"build_command": "sleep 60"}` });
    await addAgent(hasty.gateway, { name: "endless", sourceRepo: "raworc/endless" });
    await hasty.settle();
    const [build] = await buildsOf(hasty.gateway);
    expect(build).toMatchObject({
      status: "FAILED",
      error: "The build took longer than 1 seconds; the gateway's operator can allow more in RAWORC_BUILD_SECONDS",
    });
    expect(await hasty.runtime.images.list()).toEqual([]);
    await hasty.stop();
  });

  test("adds no more to its image than it may, and says who can allow more", async () => {
    const narrow = await startTestGateway({ env: { ...repositories.env, RAWORC_BUILD_MAX_MB: "1" } });
    repositories.commit("raworc/large", { ...nodeAgent, filling: "0".repeat(1_500_000) });
    await addAgent(narrow.gateway, { name: "large", sourceRepo: "raworc/large" });
    await narrow.settle();
    const [build] = await buildsOf(narrow.gateway);
    expect(build).toMatchObject({
      status: "FAILED",
      error: "What was built takes more than 1 MB; the gateway's operator can allow more in RAWORC_BUILD_MAX_MB",
    });
    await narrow.stop();
  });

  test("keeps a log of a bounded size, without what only a terminal understands", async () => {
    const spaceName = await newSpace();
    const noisy = `printf '\\033[31mred\\033[0m\\r50%%\\r100%%\\n'; printf '%3000s\\n' x; seq 1 20000`;
    repositories.commit("raworc/noisy", { ...nodeAgent, "raworc.json": JSON.stringify({ build_command: noisy }) });
    await addAgent(gateway, { spaceName, name: "noisy", sourceRepo: "raworc/noisy" });
    await world.settle();
    const [build] = await buildsOf(gateway, spaceName);
    expect(build?.status).toBe("COMPLETED");
    const lines = (await logOf(gateway, build?.id ?? "")).split("\n");
    expect(lines).toContain("[noisy] 100%");
    expect(lines.some((line) => line.endsWith("… (cut)") && line.length < 2_050)).toBe(true);
    expect(lines.length).toBeLessThan(5_010);
    expect(lines.at(-1)).toBe("… the log is full: nothing more of it is kept");
  });

  test("shows a command of several lines as such, none of which passes for a word of the gateway", async () => {
    const spaceName = await newSpace();
    const build_command = "echo one\n[other] is ready";
    repositories.commit("raworc/lines", { ...nodeAgent, "raworc.json": JSON.stringify({ build_command }) });
    await addAgent(gateway, { spaceName, name: "lines", sourceRepo: "raworc/lines" });
    await world.settle();
    const [build] = await buildsOf(gateway, spaceName);
    expect(await logOf(gateway, build?.id ?? "")).toContain("\n[lines] $ echo one\n    [other] is ready\n");
  });
});

describe("ordering builds", () => {
  test("while one runs makes one more that waits, however often it is ordered", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/busy", nodeAgent);
    const release = runtime.hold("images.addFolder");
    await addAgent(gateway, { spaceName, name: "busy", sourceRepo: "raworc/busy" });
    await release.reached;
    const orders = await Promise.all([order(spaceName), order(spaceName), order(spaceName)]);
    expect(new Set(orders).size).toBe(1);
    expect((await buildsOf(gateway, spaceName)).map(({ status }) => status)).toEqual(["PENDING", "BUILDING"]);
    release();
    await world.settle();
    expect((await buildsOf(gateway, spaceName)).map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED"]);
  });

  test("is done when an agent's source or activity changes, and not by what builds do to it", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/moving", nodeAgent);
    repositories.commit("raworc/moving", { "new.txt": "" }, "main");
    repositories.git("raworc/moving", "branch", "next");
    await addAgent(gateway, { spaceName, name: "moving", sourceRepo: "raworc/moving" });
    await world.settle();
    const count = async () => (await buildsOf(gateway, spaceName)).length;
    expect(await count()).toBe(1);
    for (const status of ["BUILDING", "ERROR", "ACTIVE", "RUNNING"] as const) {
      await changeAgent(gateway, "moving", { status }, spaceName);
    }
    await changeAgent(gateway, "moving", { description: "another" }, spaceName);
    await world.settle();
    expect(await count()).toBe(1);
    await changeAgent(gateway, "moving", { sourceBranch: "next" }, spaceName);
    await world.settle();
    expect(await count()).toBe(2);
    await changeAgent(gateway, "moving", { status: "INACTIVE" }, spaceName);
    await world.settle();
    expect(await count()).toBe(3);
    expect((await buildsOf(gateway, spaceName))[0]).toMatchObject({ agents: [], image: null });
    await changeAgent(gateway, "moving", { status: "ACTIVE" }, spaceName);
    await world.settle();
    expect(await count()).toBe(4);
    expect((await buildsOf(gateway, spaceName))[0]).toMatchObject({ status: "COMPLETED", image: expect.any(String) });
  });

  test("waits for an engine that is away, without failing", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/patient", nodeAgent);
    runtime.away(true);
    await addAgent(gateway, { spaceName, name: "patient", sourceRepo: "raworc/patient" });
    await world.settle();
    expect((await buildsOf(gateway, spaceName))[0]?.status).toBe("PENDING");
    runtime.away(false);
    await world.clock.advance(1);
    expect((await buildsOf(gateway, spaceName))[0]?.status).toBe("COMPLETED");
  });

  test("begins again when the engine goes away in the middle", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/lost", nodeAgent);
    const release = runtime.hold("images.addFolder");
    await addAgent(gateway, { spaceName, name: "lost", sourceRepo: "raworc/lost" });
    await release.reached;
    runtime.away(true);
    release();
    await world.settle();
    expect((await buildsOf(gateway, spaceName))[0]?.status).toBe("BUILDING");
    runtime.away(false);
    await world.clock.advance(1);
    const [build] = await buildsOf(gateway, spaceName);
    expect(build?.status).toBe("COMPLETED");
    expect(await logOf(gateway, build?.id ?? "")).toContain("The build begins again");
  });

  test("begins again when its container is lost, but not again and again", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/fragile", nodeAgent);
    runtime.failNext("images.run", conflict("the container does not run"));
    await addAgent(gateway, { spaceName, name: "fragile", sourceRepo: "raworc/fragile" });
    await world.settle();
    await world.clock.advance(10);
    const [once] = await buildsOf(gateway, spaceName);
    expect(once).toMatchObject({ status: "COMPLETED", epoch: 2 });
    for (let time = 0; time < 3; time += 1) runtime.failNext("images.run", notFound("Container", "draft"));
    await buildSpace(gateway, spaceName);
    for (let time = 0; time < 3; time += 1) await world.clock.advance(10);
    const [thrice] = await buildsOf(gateway, spaceName);
    expect(thrice).toMatchObject({ status: "FAILED", epoch: 3, error: "The container of the build was lost" });
  });
});

describe("cancelling", () => {
  test("a build that runs ends it, with its commands and its half-made image", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/long", { ...nodeAgent, "raworc.json": `{"build_command": "sleep 60"}` });
    const release = runtime.hold("images.run");
    await addAgent(gateway, { spaceName, name: "long", sourceRepo: "raworc/long" });
    await release.reached;
    const [running] = await buildsOf(gateway, spaceName);
    const { cancelBuild } = await world.data(cancellation, { id: running?.id });
    expect(cancelBuild).toEqual({ status: "CANCELLED", error: "Cancelled by admin" });
    release();
    await world.settle();
    expect(await imagesOf(spaceName)).toEqual([]);
    const story = await storyOf(gateway, running?.id ?? "");
    expect(story.filter((type) => type !== "build.log")).toEqual(["build.created", "build.started", "build.cancelled"]);
    expect(await world.data(cancellation, { id: running?.id })).toMatchObject({ cancelBuild: { status: "CANCELLED" } });
  });

  test("a build that has ended is refused", async () => {
    const spaceName = await newSpace();
    await order(spaceName);
    await world.settle();
    const [build] = await buildsOf(gateway, spaceName);
    const { errors } = await world.graphql(cancellation, { id: build?.id });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "CONFLICT", state: "COMPLETED" });
  });
});

describe("a gateway that starts again", () => {
  test("begins a build again that another process left, and finishes what waited", { timeout: 20_000 }, async () => {
    const first = await startTestGateway({ env: repositories.env });
    repositories.commit("raworc/survivor", nodeAgent);
    const release = first.runtime.hold("images.addFolder");
    await addAgent(first.gateway, { name: "survivor", sourceRepo: "raworc/survivor" });
    await release.reached;
    const restarting = first.restart();
    release();
    const second = await restarting;
    await second.settle();
    const [build] = await buildsOf(second.gateway);
    expect(build).toMatchObject({ status: "COMPLETED", image: expect.any(String) });
    expect(await storyOf(second.gateway, build?.id ?? "")).toEqual([
      "build.created",
      "build.started",
      "build.log",
      "build.completed",
    ]);
    expect(await logOf(second.gateway, build?.id ?? "")).toContain("The build begins again");
    await second.stop();
  });
});

describe("images", () => {
  test("that were replaced go, once nothing uses them", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/again", nodeAgent);
    await addAgent(gateway, { spaceName, name: "again", sourceRepo: "raworc/again" });
    await world.settle();
    const [first] = await buildsOf(gateway, spaceName);
    const computer = await useImage(spaceName, first?.image ?? "");
    await order(spaceName);
    await world.settle();
    const [second] = await buildsOf(gateway, spaceName);
    await world.clock.advance(120);
    expect(await imagesOf(spaceName)).toEqual([first?.image, second?.image]);
    await gateway.store.computer.delete({ where: { id: computer } });
    await world.clock.advance(1);
    expect(await imagesOf(spaceName)).toEqual([second?.image]);
  });

  test("that were just replaced stay for a moment, for who has just chosen them", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/quick", nodeAgent);
    await addAgent(gateway, { spaceName, name: "quick", sourceRepo: "raworc/quick" });
    await world.settle();
    await order(spaceName);
    await world.settle();
    expect(await imagesOf(spaceName)).toHaveLength(2);
    await world.clock.advance(61);
    expect(await imagesOf(spaceName)).toHaveLength(1);
  });

  test("are not all remembered by their builds: a space keeps its last hundred, and those that are used", async () => {
    const spaceName = await newSpace();
    const id = "build-used-long-ago";
    const old = { spaceName, createdAt: new Date(1), updatedAt: new Date(1) };
    await gateway.store.build.createMany({
      data: [
        { ...old, id, createdAt: new Date(0), status: "COMPLETED", image: `raworc_space_${spaceName}:${id}` },
        ...Array.from({ length: mostEnded + 20 }, () => ({ ...old, id: gateway.newId(), status: "FAILED" as const })),
      ],
    });
    await useImage(spaceName, `raworc_space_${spaceName}:${id}`);
    repositories.commit("raworc/many", nodeAgent);
    await addAgent(gateway, { spaceName, name: "many", sourceRepo: "raworc/many" });
    await world.clock.advance(3600);
    await world.clock.advance(3600);
    const left = await buildsOf(gateway, spaceName);
    expect(left).toHaveLength(mostEnded + 1);
    expect(left[0]).toMatchObject({ status: "COMPLETED" });
    expect(left.map((build) => build.id)).toContain(id);
  });

  test("of a deleted space go with its builds, also when the engine is away just then", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/gone", nodeAgent);
    await addAgent(gateway, { spaceName, name: "gone", sourceRepo: "raworc/gone" });
    await world.settle();
    expect(await imagesOf(spaceName)).toHaveLength(1);
    runtime.away(true);
    await world.data(`mutation ($name: ID!) { deleteSpace(name: $name) { name } }`, { name: spaceName });
    await world.settle();
    runtime.away(false);
    await world.clock.advance(1);
    expect(await imagesOf(spaceName)).toEqual([]);
    expect(await buildsOf(gateway, spaceName)).toEqual([]);
  });

  test("in the making go too when the space is deleted", async () => {
    const spaceName = await newSpace();
    repositories.commit("raworc/half", nodeAgent);
    const release = runtime.hold("images.addFolder");
    await addAgent(gateway, { spaceName, name: "half", sourceRepo: "raworc/half" });
    await release.reached;
    const [build] = await buildsOf(gateway, spaceName);
    await world.data(`mutation ($name: ID!) { deleteSpace(name: $name) { name } }`, { name: spaceName });
    release();
    await world.settle();
    expect(await imagesOf(spaceName)).toEqual([]);
    expect((await storyOf(gateway, build?.id ?? "")).at(-1)).toBe("build.cancelled");
  });
});
