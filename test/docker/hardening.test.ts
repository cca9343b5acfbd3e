import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  changeImage,
  openEngineDirectly,
  openTestRuntime,
  removeComputer,
  run,
  startComputer,
  testDeployment,
  testImage,
} from "./world.ts";

describe("a computer in Docker", () => {
  const runtime = openTestRuntime();
  const engine = openEngineDirectly();
  let computer = "";
  beforeAll(async () => {
    computer = await startComputer(runtime);
  }, 180_000);
  afterAll(async () => {
    await removeComputer(runtime, computer);
    await runtime.close();
  });

  const inspect = () => engine.getContainer(computer).inspect();

  test("runs as uid 1000 under an init, and restarts only when the gateway says so", async () => {
    const { Config, HostConfig } = await inspect();
    expect(Config.User).toBe("1000:1000");
    expect(HostConfig.Init).toBe(true);
    expect(HostConfig.RestartPolicy?.Name).toBe("no");
    expect((await run(runtime, computer, "id -u; id -g; cat /proc/1/comm")).stdout).toBe("1000\n1000\ndocker-init\n");
  });

  test("has no capability and can gain none", async () => {
    const { HostConfig } = await inspect();
    expect(HostConfig).toMatchObject({ Privileged: false, CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges"] });
    expect(HostConfig.CapAdd ?? []).toEqual([]);
    const { stdout } = await run(runtime, computer, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status");
    const status = new Map(stdout.split("\n").map((line) => [line.split(":")[0], line.split(/:\s*/)[1]]));
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) expect(status.get(set)).toMatch(/^0+$/);
    expect([status.get("NoNewPrivs"), status.get("Seccomp")]).toEqual(["1", "2"]);
  });

  test("can write below /agent and /tmp and nowhere else", async () => {
    expect((await inspect()).HostConfig.ReadonlyRootfs).toBe(true);
    expect((await run(runtime, computer, "echo x > /agent/x && echo x > /tmp/x")).exitCode).toBe(0);
    const folders = "/ /etc /usr /usr/bin /var/tmp /run /root /proc/sys /sys";
    const { stdout } = await run(
      runtime,
      computer,
      `for f in ${folders}; do (echo > $f/x) 2>/dev/null && echo $f; done; true`,
    );
    expect(stdout).toBe("");
  });

  test("can run scripts in /tmp, whose size counts against its memory", async () => {
    const script =
      "printf '#!/bin/sh\\necho ran' > /tmp/s; chmod +x /tmp/s; /tmp/s; df -m /tmp | tail -n 1 | awk '{print $2}'";
    expect((await run(runtime, computer, script)).stdout).toBe("ran\n128\n");
  });

  test("is limited in memory, swap, processor, processes and log", async () => {
    const { HostConfig } = await inspect();
    const memory = 256 * 1_048_576;
    expect(HostConfig).toMatchObject({ Memory: memory, MemorySwap: memory, NanoCpus: 1e9, PidsLimit: 64 });
    expect(HostConfig.LogConfig).toEqual({ Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } });
    expect((await run(runtime, computer, "ulimit -c")).stdout).toBe("0\n");
  });

  test("has only a loopback network", async () => {
    expect((await inspect()).HostConfig.NetworkMode).toBe("none");
    const { stdout } = await run(runtime, computer, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '");
    expect(stdout).toBe("lo\n");
  });

  test("sees nothing of the host but its own volume", async () => {
    const { HostConfig, Mounts } = await inspect();
    expect(HostConfig.Binds ?? []).toEqual([]);
    expect(Mounts.map(({ Type, Destination }) => [Type, Destination])).toEqual([["volume", "/agent"]]);
    expect(HostConfig.PidMode).toBe("");
    expect(HostConfig.IpcMode).toBe("private");
  });

  test("leaves nothing of the volumes that its image declares, and all of its own", async () => {
    const image = "raworc-test/declares:1";
    const command = ["install", "-d", "-o", "1000", "/data"];
    await changeImage(engine, testImage, { to: image, command, changes: "VOLUME /data\nUSER 1000:1000" });
    const name = await startComputer(runtime, { image });
    await run(runtime, name, "echo kept > /agent/note; echo gone > /data/note");
    const { Mounts } = await engine.getContainer(name).inspect();
    const declared = Mounts.find(({ Destination }) => Destination === "/data")?.Name ?? "";
    const volumes = async () => (await engine.listVolumes()).Volumes.map((volume) => volume.Name);
    expect(await volumes()).toContain(declared);

    await runtime.removeContainer(name);
    expect(await volumes()).not.toContain(declared);
    const again = await startComputer(runtime, { image, volume: name });
    expect((await run(runtime, again, "cat /agent/note; ls /data")).stdout).toBe("kept\n");
    await runtime.removeContainer(again);
    for (const volume of [name, again]) await runtime.removeVolume(volume);
    await engine.getImage(image).remove();
  });

  test("carries the deployment's label beside its own", async () => {
    expect((await inspect()).Config.Labels).toMatchObject({
      "raworc.deployment": testDeployment,
      "raworc.computer": computer,
    });
  });

  test("cannot make a namespace of its own, in which it would be root", async () => {
    expect((await run(runtime, computer, "unshare -r true")).exitCode).not.toBe(0);
  });

  test("a secret given to a command is nowhere in what the engine tells of container, image, logs and commands", async () => {
    const secret = "planted-9f2c";
    await run(runtime, computer, "printenv TOKEN; sleep 0.2", { TOKEN: secret });
    const container = engine.getContainer(computer);
    const described = await container.inspect();
    const execs = await Promise.all((described.ExecIDs ?? []).map((id) => engine.getExec(id).inspect()));
    const logs = await container.logs({ stdout: true, stderr: true });
    const image = engine.getImage(described.Image);
    const told = [described, execs, await image.inspect(), await image.history(), await container.changes()];
    expect(JSON.stringify(told) + logs.toString()).not.toContain(secret);
  });
});
