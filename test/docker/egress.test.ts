import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { startTestGateway } from "../support/gateway.ts";
import { type PrivateEngine, startPrivateEngine } from "./private-engine.ts";
import {
  changeImage,
  makeComputer,
  newName,
  openEngineDirectly,
  openTestRuntime,
  run,
  startComputer,
  testDeployment,
  testImage,
} from "./world.ts";

const hostAddress = "51.15.0.1";
const outsideAddress = "51.15.0.2";
const metadataAddress = "169.254.169.254";
const server = (text: string) =>
  `require("node:http").createServer((_, answer) => answer.end("${text}")).listen(8000, () => console.log("listening"))`;

/** A main process that tries from its first moment on, without end, to get through to each address. */
const knockingAt = (...addresses: readonly string[]) => ["node", "-e", knock, ...addresses];
const knock = `
  const reached = new Set();
  const knockAt = (host) => {
    const socket = require("node:net").connect({ host, port: 8000, timeout: 1000 });
    socket.on("connect", () => reached.has(host) || console.log("reached", host));
    socket.on("connect", () => reached.add(host) && socket.destroy());
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => setTimeout(knockAt, 1, host));
  };
  console.log("knocks");
  process.argv.slice(1).forEach(knockAt);
`;

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

  const direct = (container: string) => openEngineDirectly(engine.dockerHost).getContainer(container);
  const knocking = async () =>
    knockingAt((await networkOf(computer)).gateway, hostAddress, metadataAddress, outsideAddress);

  /** What the main process printed, up to the line it says for the given time. */
  async function logUntil(container: string, text: string, times = 1): Promise<string[]> {
    const lines: string[] = [];
    const stop = AbortSignal.timeout(30_000);
    for await (const line of runtime.logs(container, { follow: true, signal: stop })) {
      lines.push(line.text);
      if (lines.filter((each) => each === text).length === times) break;
    }
    return lines;
  }
  const networksOf = async (container: string) =>
    Object.keys((await direct(container).inspect()).NetworkSettings.Networks);
  const egressNetwork = `raworc-egress-${testDeployment}`;
  const throughToInternet = ["knocks", `reached ${outsideAddress}`];

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

  test("does not get around that by naming the interface, or by leaving out the routes", async () => {
    const { gateway } = await networkOf(computer);
    const skipRoutes = (address: string) =>
      `import socket; s = socket.socket(); s.settimeout(2); s.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
s.connect(("${address}", 8000)); print("reached")`;
    for (const address of [gateway, hostAddress, metadataAddress]) {
      const named = await run(runtime, computer, `curl -sS -m 2 --interface eth0 http://${address}:8000/`);
      expect(named.stdout).toBe("");
      expect((await run(runtime, computer, `python3 -c '${skipRoutes(address)}'`)).stdout).toBe("");
    }
    expect((await run(runtime, computer, `curl -sS --interface eth0 http://${outsideAddress}:8000/`)).stdout).toBe(
      "the internet",
    );
  });

  test("has a main process that finds no way open in its first moments either, whichever start it is", async () => {
    const name = await startComputer(runtime, { network: "EGRESS", command: await knocking() });
    expect(await logUntil(name, `reached ${outsideAddress}`)).toEqual(throughToInternet);
    await runtime.ensureStopped(name, 0);
    await runtime.ensureRunning(name);
    await logUntil(name, `reached ${outsideAddress}`, 2);
    await direct(name).kill();
    expect(await runtime.start(name)).toBe(true);
    const thrice = [...throughToInternet, ...throughToInternet, ...throughToInternet];
    expect(await logUntil(name, `reached ${outsideAddress}`, 3)).toEqual(thrice);
  });

  test("has no network when the gateway dies right after its start, until the next gateway has seen to it", async () => {
    const name = await makeComputer(runtime, { network: "EGRESS", command: await knocking() });
    await direct(name).start();
    await logUntil(name, "knocks");
    expect(await networksOf(name)).toEqual(["none"]);
    const next = openTestRuntime({ dockerHost: engine.dockerHost });
    await Promise.all([next.ensureRunning(name), run(next, name, "true")]);
    await next.close();
    expect(await logUntil(name, `reached ${outsideAddress}`)).toEqual(throughToInternet);
  });

  test("is connected by the next gateway before that calls it running", async () => {
    const env = { RAWORC_AGENT_IMAGE: testImage };
    const first = await startTestGateway({ runtime: openTestRuntime({ dockerHost: engine.dockerHost }), env });
    const { createAgent: agent } = await first.data(
      `mutation { createAgent(input: { name: "adopted", network: EGRESS }) { computer { id } } }`,
    );
    await first.settle();
    const container = `raworc-${agent.computer.id}-g1`;
    // What a gateway leaves that is killed while it starts a stopped computer.
    await direct(container).stop({ t: 0 });
    await openEngineDirectly(engine.dockerHost).getNetwork(egressNetwork).disconnect({ Container: container });
    await direct(container).start();
    expect(await networksOf(container)).not.toContain(egressNetwork);

    const next = await first.restart({ runtime: openTestRuntime({ dockerHost: engine.dockerHost }) });
    await next.settle();
    const query = `{ agent(name: "adopted") { state computer { phase } } }`;
    expect((await next.data(query)).agent).toEqual({ state: "IDLE", computer: { phase: "RUNNING" } });
    expect(await networksOf(container)).toEqual([egressNetwork]);
    await next.stop();
    for (const { runtime: each } of [first, next]) await each.close();
  });

  test("is not started again as an earlier version made it: its network would be open at first", async () => {
    const name = newName();
    await openEngineDirectly(engine.dockerHost).createContainer({
      name,
      Image: testImage,
      HostConfig: { NetworkMode: egressNetwork },
    });
    await expect(runtime.ensureRunning(name)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await runtime.inspect(name)).toBeNull();
  });

  test("is made so by its order alone, not by a label of its image", async () => {
    const image = "raworc-test/labelled:1";
    const changes = `LABEL raworc.network=EGRESS\nUSER 1000:1000`;
    await changeImage(openEngineDirectly(engine.dockerHost), testImage, { to: image, command: ["true"], changes });
    const name = await makeComputer(runtime, { image });
    const other = openTestRuntime({ dockerHost: engine.dockerHost });
    await other.ensureRunning(name);
    await other.close();
    expect(await networksOf(name)).toEqual(["none"]);
  });

  test("is stopped, and had no network, when its ways cannot be closed", async () => {
    const image = "raworc-test/unable:1";
    const command = ["rm", "/usr/bin/iptables-restore"];
    await changeImage(openEngineDirectly(engine.dockerHost), testImage, { to: image, command });
    const unable = openTestRuntime({ dockerHost: engine.dockerHost, image });
    const name = await makeComputer(unable, { network: "EGRESS", command: await knocking() });
    const refused = { code: "UNAVAILABLE", message: expect.stringContaining("could not be closed") as unknown };
    await expect(unable.ensureRunning(name)).rejects.toMatchObject(refused);
    expect((await unable.inspect(name))?.status).toBe("stopped");
    await expect(unable.start(name)).rejects.toMatchObject(refused);
    expect((await unable.inspect(name))?.status).toBe("stopped");
    await unable.close();
    expect(await logUntil(name, `reached ${outsideAddress}`)).toEqual(["knocks", "knocks"]);
  });

  test("has no address of IPv6 but its own loopback, if that", async () => {
    const { stdout } = await run(runtime, computer, "cat /proc/net/if_inet6 | grep -v ' lo$'");
    expect(stdout).toBe("");
  });

  test("cannot open the closed ways itself", async () => {
    expect((await run(runtime, computer, "printf '*filter\\nCOMMIT\\n' | iptables-restore")).exitCode).not.toBe(0);
    expect(await get(hostAddress)).toBe("");
  });

  test("runs no command before its ways are closed, also when somebody else started it", async () => {
    await runtime.ensureStopped(computer, 0);
    await direct(computer).start();
    expect(await get(hostAddress)).toBe("");
    expect(await get(outsideAddress)).toBe("the internet");
  });

  /** What a container on the same network sees that has none of the gateway's rules. */
  async function askWithoutRules(): Promise<string> {
    const { gateway } = await networkOf(computer);
    const addresses = [gateway, hostAddress, metadataAddress, outsideAddress];
    const script = addresses.map((address) => `echo "${address}: $(curl -s -m 1 http://${address}:8000/)"`);
    const open = await openEngineDirectly(engine.dockerHost).createContainer({
      Image: testImage,
      Entrypoint: ["sh", "-c", script.join(";")],
      Cmd: [],
      Tty: true,
      HostConfig: { NetworkMode: egressNetwork },
    });
    await open.start();
    await open.wait();
    const said = (await open.logs({ stdout: true })).toString();
    await open.remove();
    return said.replaceAll("\r", "").replace(gateway, "gateway");
  }
  const answers = (host: string, metadata: string) =>
    `gateway: ${host}\n${hostAddress}: ${host}\n${metadataAddress}: ${metadata}\n${outsideAddress}: the internet\n`;

  test("is closed by its rules alone: without them all of these ways are open", async () => {
    expect(await askWithoutRules()).toBe(answers("the host", "the internet"));
  });

  test("the operator's firewall closes the same ways for whatever is on the network, and opens them again", async () => {
    const firewall = fileURLToPath(new URL("../../images/egress-firewall.sh", import.meta.url));
    const order = (command: string) => engine.onHost("env", `DOCKER_HOST=${engine.dockerHost}`, firewall, command);
    for (const command of ["apply", "apply"]) expect(await order(command)).toMatch(/^closed: br-/);
    expect(await askWithoutRules()).toBe(answers("", ""));
    expect(await get(outsideAddress)).toBe("the internet");
    for (const command of ["remove", "remove"]) await order(command);
    expect(await askWithoutRules()).toBe(answers("the host", "the internet"));
  });
});
