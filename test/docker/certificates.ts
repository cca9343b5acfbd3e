import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";

/** Makes an authority in a new folder, and with it what its engine and its clients show: `ca.pem`, `cert.pem`, `key.pem`. */
export function makeCertificates(folder: string) {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = (name: string) => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    name,
  ];
  openssl("req", "-x509", ...key("ca-key.pem"), "-out", "ca.pem", "-days", "2", "-subj", "/CN=tests");
  for (const [name, cert, extension] of [
    ["server-key.pem", "server.pem", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth"],
    ["key.pem", "cert.pem", "extendedKeyUsage=clientAuth"],
  ] as const) {
    writeFileSync(join(folder, "extension"), extension);
    openssl("req", ...key(name), "-out", "request", "-subj", `/CN=${cert}`);
    const signing = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", "extension"];
    openssl("x509", "-req", "-in", "request", ...signing, "-out", cert, "-days", "2");
  }
  return folder;
}

/** Lets nobody through to an engine's socket who has no certificate of the authority; answers its address. */
export async function serveEngine(
  certificates: string,
  socketPath: string,
): Promise<{ server: Server; address: string }> {
  const read = (name: string) => readFileSync(join(certificates, name));
  const options = { ca: read("ca.pem"), cert: read("server.pem"), key: read("server-key.pem") };
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (client) => {
    const engine = connect({ path: socketPath, allowHalfOpen: true });
    client.pipe(engine).pipe(client);
    client.on("error", () => engine.destroy());
    engine.on("error", () => client.destroy());
  });
  server.on("tlsClientError", () => undefined); // it is what the tests look at, from the other side
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  return { server, address: `tcp://127.0.0.1:${typeof at === "object" ? at?.port : ""}` };
}
