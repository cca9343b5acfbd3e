import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import pino from "pino";
import { onTestFinished } from "vitest";
import { createDockerRuntime } from "../../src/runtime/docker/docker-runtime.ts";
import type { OutputStream, Runtime } from "../../src/runtime/runtime.ts";

/** What an engine says that has one running container, of any name. */
interface Words {
  /** What the main process has printed, in frames; it goes on and prints nothing more. */
  readonly log?: Iterable<Buffer>;
  /** What any command prints, in frames, before it fails. */
  readonly printed?: AsyncIterable<Buffer>;
  /** Takes the pulls of images, none of which is here. */
  readonly onPull?: (answer: ServerResponse) => void;
}

/** A runtime whose engine only talks, so that a test knows what and when. */
export async function openOverStandIn(words: Words): Promise<Runtime> {
  const engine = createServer((request, answer) => reply(request, answer, words));
  engine.on("upgrade", (_request, socket) => {
    socket.resume();
    socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    Readable.from(words.printed ?? []).pipe(socket);
  });
  await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
  const dockerHost = `tcp://127.0.0.1:${(engine.address() as AddressInfo).port}`;
  const runtime = createDockerRuntime({ dockerHost, deployment: "t", image: "t", log: pino({ level: "silent" }) });
  onTestFinished(async () => {
    await runtime.close();
    engine.closeAllConnections();
    engine.close();
  });
  return runtime;
}

function reply({ url = "" }: IncomingMessage, answer: ServerResponse, { log = [], onPull }: Words) {
  if (/^\/containers\/\w+\/logs/.test(url)) return Readable.from(log).pipe(answer, { end: false });
  if (onPull && url.startsWith("/images/create")) return onPull(answer);
  const [, json] = answers.find(([path]) => path.test(url)) ?? [];
  answer.writeHead(json ? 200 : 404, { "Content-Type": "application/json" });
  return answer.end(JSON.stringify(json ?? { message: "not known here" }));
}

const answers = [
  [
    /^\/containers\/\w+\/json/,
    { Config: { Labels: {} }, HostConfig: { NetworkMode: "none" }, State: { Status: "running", Running: true } },
  ],
  [/^\/containers\/\w+\/exec/, { Id: "command" }],
  [/^\/exec\/command\/json/, { Running: false, ExitCode: 1, Pid: 1 }],
] as const;

/** A piece of output as engines send it. */
export function frameOf(stream: OutputStream, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream === "stdout" ? 1 : 2;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}
