import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { createServer } from "node:tls";

type Method = "GET" | "PUT";

/** A way to an engine as to one on another machine: over TCP, and only with a certificate of its authority. */
export interface EngineWay {
  readonly address: string;
  /** Holds up the next archive of a volume, on its way from the engine (GET) or to it (PUT), after so many bytes. */
  holdArchive(method: Method, bytes: number): Hold;
  close(): void;
}

interface Hold {
  /** Resolves when so much of the archive has gone by, and nothing more goes. */
  readonly reached: Promise<void>;
  pass(): void;
}

/** `folder` has what the engine shows, as `makeCertificates` makes it. */
export async function openWay(dockerHost: string, folder: string): Promise<EngineWay> {
  const socketPath = dockerHost.replace("unix://", "");
  const read = (name: string) => readFileSync(join(folder, name));
  const own = { ca: read("ca.pem"), cert: read("server.pem"), key: read("server-key.pem") };
  const archives = holdArchives();
  const sockets = new Set<Socket>();
  const options = { ...own, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true };
  const server = createServer(options, (client) => {
    sockets.add(client);
    client.once("close", () => sockets.delete(client));
    const engine = connect({ path: socketPath, allowHalfOpen: true });
    const { there, back } = archives.gates();
    const end = () => {
      client.destroy();
      engine.destroy();
    };
    client.pipe(there).pipe(engine).on("error", end).once("close", end);
    engine.pipe(back).pipe(client).on("error", end).once("close", end);
  });
  server.on("tlsClientError", () => undefined); // whoever was refused tells of it
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    address: `tcp://127.0.0.1:${port}`,
    holdArchive: archives.hold,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What is to be held up, and what both directions of a connection must know for that. */
function holdArchives() {
  let wanted: { readonly method: Method; left: number; reach(): void; readonly passed: Promise<void> } | null = null;
  const hold = (method: Method, bytes: number): Hold => {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const { promise: passed, resolve: pass } = Promise.withResolvers<void>();
    wanted = { method, left: bytes, reach, passed };
    return { reached, pass };
  };
  const gates = () => {
    let current: string | undefined;
    const gate = (method: Method) =>
      Duplex.from(async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          if (method === "PUT") current = archiveCall.exec(chunk.toString("latin1", 0, 200))?.[1] ?? current;
          const found = wanted;
          if (found?.method === method && current === method && (found.left -= chunk.length) <= 0) {
            wanted = null;
            found.reach();
            await found.passed;
          }
          yield chunk;
        }
      });
    return { there: gate("PUT"), back: gate("GET") };
  };
  return { hold, gates };
}

/** Calls begin with the packet they are sent in. */
const archiveCall = /^([A-Z]+) \S*\/containers\/raworc-carry-\S+\/archive/;
