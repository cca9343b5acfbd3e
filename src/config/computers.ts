import { availableParallelism } from "node:os";
import { z } from "zod";
import { imageNames, namedEngines, text, wholeNumber } from "./values.ts";
import { type Described, variable } from "./variable.ts";

/** What holds computers, and what they may use. */
export const computerVariables = {
  RAWORC_RUNTIME: variable(
    z.enum(["auto", "docker", "process", "memory"]).default("auto"),
    "auto, docker, process or memory (default auto)",
    "what holds computers; auto falls back from docker to process outside production",
  ),
  DOCKER_HOST: variable(
    text,
    "unix:///…, tcp://…, https://… or ssh://… (default: Docker's usual socket)",
    "the container engine; tcp uses TLS on port 2376 and with DOCKER_TLS_VERIFY, as https does; ssh the keys of SSH_AUTH_SOCK",
  ),
  RAWORC_DOCKER_HOSTS: variable(
    namedEngines,
    "name=address,other=address …, with unix, tcp or https as in DOCKER_HOST, which must not be set; nothing twice",
    "several container engines that share the computers, by names that stay when addresses change",
  ),
  DOCKER_TLS_VERIFY: variable(text, "anything (default: not set)", "talks TLS on every tcp port"),
  DOCKER_CERT_PATH: variable(
    text,
    "a folder with ca.pem, cert.pem and key.pem (default: what the machine trusts, and no certificate to show)",
    "what engines are trusted by over TLS, and what is shown to them; of a host in a folder of its name, if there is one",
  ),
  RAWORC_AGENT_IMAGE: variable(
    z.string().default("raworc/agent:1"),
    "the name of an image whose folder /agent is uid 1000's (default raworc/agent:1, built when missing)",
    "the default image of computers",
  ),
  RAWORC_IMAGES: variable(
    imageNames,
    "a comma-separated list of names, or beginnings of names with * behind (default: every image)",
    "which others may be asked for; any may be pulled otherwise, and any that is in the engine may be used",
  ),
  RAWORC_AGENT_NETWORK: variable(
    z.enum(["none", "egress"]).default("none"),
    "none or egress (default none)",
    "the network of new computers",
  ),
  RAWORC_FREEZE_SECONDS: variable(
    wholeNumber(0, 86_400, 60),
    "0 to 86400 (default 60)",
    "how long a sleeping computer stays frozen before it is stopped",
  ),
  RAWORC_COMPUTER_MEMORY_MB: variable(
    wholeNumber(16, 1_048_576, 1024),
    "16 to 1048576 (default 1024)",
    "memory of one computer",
  ),
  RAWORC_COMPUTER_CPUS: variable(
    z
      .string()
      .regex(/^\d+(\.\d+)?$/)
      .transform(Number)
      .pipe(z.number().min(0.01).max(512))
      .default(1),
    "0.01 to 512 (default 1)",
    "processor cores of one computer",
  ),
  RAWORC_COMPUTER_PIDS: variable(
    wholeNumber(16, 1_000_000, 512),
    "16 to 1000000 (default 512)",
    "processes of one computer",
  ),
  RAWORC_MAX_STARTS: variable(
    wholeNumber(1, 1000, 2 * availableParallelism()),
    "1 to 1000 (default: twice the number of cores)",
    "how many computers start at once",
  ),
  RAWORC_WARM_POOL: variable(wholeNumber(0, 100, 0), "0 to 100 (default 0)", "how many computers run ahead of need"),
} satisfies Record<string, Described>;
