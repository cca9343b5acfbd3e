import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
