import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { type PrivateEngine, startPrivateEngine } from "./private-engine.ts";
import { openEngineDirectly, openTestRuntime, run, startComputer, testDeployment, testImage } from "./world.ts";

const hostAddress = "51.15.0.1";
const outsideAddress = "51.15.0.2";
const metadataAddress = "169.254.169.254";
const server = (text: string) =>
  `require("node:http").createServer((_, answer) => answer.end("${text}")).listen(8000, () => console.log("listening"))`;

/** The engine's host stands on a network of two: itself and a machine that plays the internet. */
async function connectHost(engine: PrivateEngine): Promise<ChildProcess[]> {
  const outside = await engine.serveOnHost("unshare", "--net", process.execPath, "-e", server("the internet"));
  const host = await engine.serveOnHost(process.execPath, "-e", server("the host"));
  const inOutside = (...args: string[]) => engine.onHost("nsenter", "-t", String(outside.pid), "-n", "ip", ...args);
  await engine.onHost("ip", "link", "add", "wan", "type", "veth", "peer", "name", "peer", "netns", String(outside.pid));
  await engine.onHost("ip", "addr", "add", `${hostAddress}/24`, "dev", "wan");
  await engine.onHost("ip", "link", "set", "wan", "up");
  await inOutside("addr", "add", `${outsideAddress}/24`, "dev", "peer");
  await inOutside("link", "set", "peer", "up");
  await inOutside("addr", "add", `${metadataAddress}/32`, "dev", "peer");
  await engine.onHost("ip", "route", "add", metadataAddress, "via", outsideAddress);
  return [outside, host];
}

describe("a computer with EGRESS", () => {
  let engine: PrivateEngine;
  let runtime: Runtime;
  let computer = "";
  let neighbour = "";
  let servers: ChildProcess[] = [];

  beforeAll(async () => {
    engine = await startPrivateEngine();
    servers = await connectHost(engine);
    runtime = openTestRuntime({ dockerHost: engine.dockerHost });
    computer = await startComputer(runtime, { network: "EGRESS" });
    neighbour = await startComputer(runtime, { network: "EGRESS" });
    await run(
      runtime,
      neighbour,
      `setsid node -e '${server("a neighbour")}' > /tmp/log 2>&1 & until [ -s /tmp/log ]; do sleep 0.1; done`,
    );
  }, 180_000);
  afterAll(async () => {
    for (const child of servers) child.kill("SIGKILL");
    await runtime.close();
    await engine.stop();
  }, 60_000);

  const networkOf = async (container: string) => {
    const { NetworkSettings } = await openEngineDirectly(engine.dockerHost).getContainer(container).inspect();
    const found = Object.values(NetworkSettings.Networks)[0];
    if (!found) throw new Error(`${container} has no network`);
    return { address: found.IPAddress, gateway: found.Gateway };
  };
  const get = async (address: string, container = computer) =>
    (await run(runtime, container, `curl -sS -m 2 http://${address}:8000/`)).stdout;

  test("reaches the internet", async () => {
    expect(await get(outsideAddress)).toBe("the internet");
  });

  test("still does after the engine's host forgot how to find it", async () => {
    await engine.onHost("ip", "neigh", "flush", "all");
    expect(await get(outsideAddress)).toBe("the internet");
  });

  test("does not reach the host, by none of its addresses", async () => {
    const { gateway } = await networkOf(computer);
    for (const address of [gateway, hostAddress]) expect(await get(address)).toBe("");
  });

  test("does not reach metadata addresses", async () => {
    expect(await get(metadataAddress)).toBe("");
  });

  test("does not reach another computer", async () => {
    const { address } = await networkOf(neighbour);
    expect(await get(address)).toBe("");
    expect(await get(address, neighbour)).toBe("a neighbour");
  });

  test("has no address of IPv6 but its own loopback, if that", async () => {
    const { stdout } = await run(runtime, computer, "cat /proc/net/if_inet6 | grep -v ' lo$'");
    expect(stdout).toBe("");
  });

  test("cannot open the closed ways itself", async () => {
    const { gateway } = await networkOf(computer);
    expect((await run(runtime, computer, `ip route del blackhole ${hostAddress}/32`)).exitCode).not.toBe(0);
    expect((await run(runtime, computer, `ip route add ${hostAddress}/32 via ${gateway}`)).exitCode).not.toBe(0);
    expect(await get(hostAddress)).toBe("");
  });

  test("runs no command before its ways are closed, also when somebody else started it", async () => {
    const direct = openEngineDirectly(engine.dockerHost).getContainer(computer);
    await runtime.ensureStopped(computer, 0);
    await direct.start();
    expect(await get(hostAddress)).toBe("");
    expect(await get(outsideAddress)).toBe("the internet");
  });

  /** What a container on the same network sees that has none of the gateway's routes. */
  async function askWithoutRoutes(): Promise<string> {
    const { gateway } = await networkOf(computer);
    const addresses = [gateway, hostAddress, metadataAddress, outsideAddress];
    const script = addresses.map((address) => `echo "${address}: $(curl -s -m 1 http://${address}:8000/)"`);
    const open = await openEngineDirectly(engine.dockerHost).createContainer({
      Image: testImage,
      Entrypoint: ["sh", "-c", script.join(";")],
      Cmd: [],
      Tty: true,
      HostConfig: { NetworkMode: `raworc-egress-${testDeployment}` },
    });
    await open.start();
    await open.wait();
    const said = (await open.logs({ stdout: true })).toString();
    await open.remove();
    return said.replaceAll("\r", "").replace(gateway, "gateway");
  }
  const answers = (host: string, metadata: string) =>
    `gateway: ${host}\n${hostAddress}: ${host}\n${metadataAddress}: ${metadata}\n${outsideAddress}: the internet\n`;

  test("is closed by its routes alone: without them all of these ways are open", async () => {
    expect(await askWithoutRoutes()).toBe(answers("the host", "the internet"));
  });

  test("the operator's firewall closes the same ways for whatever is on the network, and opens them again", async () => {
    const firewall = fileURLToPath(new URL("../../images/egress-firewall.sh", import.meta.url));
    const order = (command: string) => engine.onHost("env", `DOCKER_HOST=${engine.dockerHost}`, firewall, command);
    for (const command of ["apply", "apply"]) expect(await order(command)).toMatch(/^closed: br-/);
    expect(await askWithoutRoutes()).toBe(answers("", ""));
    expect(await get(outsideAddress)).toBe("the internet");
    for (const command of ["remove", "remove"]) await order(command);
    expect(await askWithoutRoutes()).toBe(answers("the host", "the internet"));
  });
});
