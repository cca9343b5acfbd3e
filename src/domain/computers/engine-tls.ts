import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, ConfigError } from "../../config.ts";
import { type EngineTls, usesTls } from "../../runtime/docker/connection.ts";

/**
 * How the engine at an address is trusted, by Docker's own variables. A host may have certificates of its own, in a
 * folder of its name.
 *
 * @throws {ConfigError} when certificates that are needed cannot be read.
 */
export function tlsOf({ dockerTls: { verify, folder } }: Config, address: string | null, host?: string): EngineTls {
  if (folder === null || address === null || !usesTls(address, verify)) return { always: verify, files: null };
  const own = host === undefined ? folder : join(folder, host);
  const place = existsSync(own) ? own : folder;
  const [ca, cert, key] = [readPem(place, "ca.pem"), readPem(place, "cert.pem"), readPem(place, "key.pem")];
  return { always: verify, files: { ca, cert, key } };
}

function readPem(folder: string, file: string): Buffer {
  try {
    return readFileSync(join(folder, file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `DOCKER_CERT_PATH is not usable: ${reason}; allowed: a folder with ca.pem, cert.pem and key.pem`,
    );
  }
}
