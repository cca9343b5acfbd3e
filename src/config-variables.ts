import { availableParallelism } from "node:os";
import { z } from "zod";
import { flag, hostNames, hosts, imageNames, list, proxies, text, wholeNumber } from "./config-values.ts";

/** What one environment variable is for; `--help` prints it and errors quote it. */
export interface Described {
  readonly schema: z.ZodType;
  readonly allowed: string;
  readonly why: string;
}

const variable = <T extends z.ZodType>(schema: T, allowed: string, why: string) =>
  ({ schema, allowed, why }) satisfies Described;

const sealingKey = z.optional(z.string().regex(/^[A-Za-z0-9+/_=-]{43,44}$/));

/** Every variable the gateway reads, in the order `--help` shows them. */
export const variables = {
  HOST: variable(z.string().default("127.0.0.1"), "an address (default 127.0.0.1)", "where the gateway listens"),
  PORT: variable(
    wholeNumber(0, 65535, 9000),
    "0 to 65535 (default 9000; 0 takes a free one)",
    "the port it listens on",
  ),
  RAWORC_HOSTS: variable(
    hostNames,
    "a comma-separated list of names, without ports",
    "by which names beside localhost it may be called while it listens on loopback, as by a proxy there",
  ),
  RAWORC_TRUSTED_PROXIES: variable(
    proxies,
    "a comma-separated list of addresses, CIDR ranges, loopback, linklocal and uniquelocal (default: none)",
    "whose X-Forwarded-For is believed: failed logins are counted by the address it tells",
  ),
  NODE_ENV: variable(
    text,
    "production or anything else",
    "production turns off GraphiQL, introspection, the default password and the fallback to the process runtime",
  ),
  LOG_LEVEL: variable(
    z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
    "fatal, error, warn, info, debug, trace or silent (default info)",
    "how much is logged",
  ),
  DATABASE_URL: variable(
    z
      .string()
      .regex(/^(file:|postgres(ql)?:\/\/)/)
      .optional(),
    "file:PATH or postgresql://… (default: a file in the data folder)",
    "where everything is stored",
  ),
  REDIS_URL: variable(
    text,
    "anything",
    "not used: gateways hear of each other by PostgreSQL; the start says so in its log",
  ),
  RAWORC_DATA_DIR: variable(
    z.string().default("./data"),
    "a folder (default ./data)",
    "the database, generated keys and local computers",
  ),
  RAWORC_RUNTIME: variable(
    z.enum(["auto", "docker", "process", "memory"]).default("auto"),
    "auto, docker, process or memory (default auto)",
    "what holds computers; auto falls back from docker to process outside production",
  ),
  DOCKER_HOST: variable(
    text,
    "unix:///…, tcp://…, https://… or ssh://… (default: Docker's usual socket)",
    "the container engine; tcp on port 2376 and https use the certificates in DOCKER_CERT_PATH, ssh the keys of SSH_AUTH_SOCK",
  ),
  RAWORC_AGENT_IMAGE: variable(
    z.string().default("raworc/agent:1"),
    "an image name (default raworc/agent:1, built when missing)",
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
  RAWORC_ADMIN_PASSWORD: variable(
    z.string().min(1).max(1024).optional(),
    "any text",
    "the password that user admin gets at the first start, or in place of the default one (later: changePassword); " +
      "without it, `admin` on loopback outside production, else generated and printed once",
  ),
  RAWORC_JWT_SECRET: variable(
    z.string().min(32).optional(),
    "32 characters or more (default: generated, in the data folder)",
    "signs tokens",
  ),
  RAWORC_JWT_SECRET_PREVIOUS: variable(
    z.string().min(32).optional(),
    "32 characters or more",
    "still accepted while the signing secret is being changed",
  ),
  RAWORC_MASTER_KEY: variable(
    sealingKey,
    "32 bytes in base64, as `openssl rand -base64 32` makes them (default: generated, in the data folder)",
    "seals secrets",
  ),
  RAWORC_MASTER_KEY_PREVIOUS: variable(
    sealingKey,
    "32 bytes in base64",
    "still opens secrets while the master key is being changed (npm run rotate-key)",
  ),
  RAWORC_ENGINE: variable(
    z.enum(["auto", "model", "shell", "external"]).default("auto"),
    "auto, model, shell or external (default auto)",
    "what answers responses; auto is a model when a key can be found, else external",
  ),
  RAWORC_MODEL: variable(text, "a name (default claude-sonnet-5-5, or gpt-5.1 with OpenAI's key)", "the model to ask"),
  RAWORC_CONTEXT_TOKENS: variable(
    wholeNumber(1000, 10_000_000, 32_000),
    "1000 to 10000000 (default 32000)",
    "how much of what was said before a model is told; near it, that is summarised",
  ),
  ANTHROPIC_API_KEY: variable(text, "a key", "lets agents use Anthropic's models"),
  OPENAI_API_KEY: variable(text, "a key", "lets agents use models behind an OpenAI-compatible API"),
  OPENAI_BASE_URL: variable(
    z.url({ protocol: /^https?$/ }).optional(),
    "a URL",
    "where that API is (default https://api.openai.com/v1)",
  ),
  RAWORC_MODEL_HOSTS: variable(
    hosts,
    "a comma-separated list of hosts, each with a port or without",
    "where an OPENAI_BASE_URL that is a secret may lead beside public addresses",
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
  RAWORC_MAX_BODY_BYTES: variable(
    wholeNumber(1024, 1_073_741_824, 1_048_576),
    "1024 to 1073741824 (default 1048576)",
    "the largest request body",
  ),
  RAWORC_MAX_LOGINS_PER_MINUTE: variable(
    wholeNumber(1, 1_000_000, 30),
    "1 to 1000000 (default 30)",
    "failed logins for one user name or address before 429",
  ),
  RAWORC_MAX_MUTATIONS_PER_MINUTE: variable(
    wholeNumber(1, 10_000_000, 6000),
    "1 to 10000000 (default 6000)",
    "expensive mutations by one principal before 429",
  ),
  RAWORC_EVENT_RETENTION_DAYS: variable(
    wholeNumber(1, 36_500, 7),
    "1 to 36500 (default 7)",
    "how long the log keeps events of things other than responses",
  ),
  RAWORC_GIT_BASE_URL: variable(
    z
      .string()
      .regex(/^(https?|ssh|git|file):\/\/.*\/$/)
      .default("https://github.com/"),
    "a URL that ends with / (default https://github.com/)",
    "where repositories given as Owner/repo are",
  ),
  RAWORC_GIT_PROTOCOLS: variable(
    z
      .string()
      .regex(/^(https|http|ssh|git|file)(:(https|http|ssh|git|file))*$/)
      .default("https:ssh")
      .transform((names) => names.split(":")),
    "https, ssh, http, git and file, joined by : (default https:ssh)",
    "how repositories may be fetched",
  ),
  RAWORC_GIT_HOSTS: variable(
    z
      .string()
      .regex(/^[A-Za-z0-9.-]+(,[A-Za-z0-9.-]+)*$/)
      .transform((names) => names.toLowerCase().split(","))
      .optional(),
    "names of hosts, joined by , (default: every host)",
    "where repositories may be; what is below the base may be fetched in any case",
  ),
  RAWORC_GIT_MAX_MB: variable(
    wholeNumber(1, 1_048_576, 200),
    "1 to 1048576 (default 200)",
    "the largest repository, packed and as files",
  ),
  RAWORC_BUILD_NETWORK: variable(
    z.enum(["none", "egress"]).default("egress"),
    "none or egress (default egress)",
    "the network of the commands that build an image",
  ),
  RAWORC_BUILD_SECONDS: variable(
    wholeNumber(1, 86_400, 900),
    "1 to 86400 (default 900)",
    "how long one build may take",
  ),
  RAWORC_BUILD_MAX_MB: variable(
    wholeNumber(1, 1_048_576, 2048),
    "1 to 1048576 (default 2048)",
    "what a build may add to its image",
  ),
  RAWORC_MAX_BUILDS: variable(wholeNumber(1, 1000, 2), "1 to 1000 (default 2)", "how many builds run at once"),
  RAWORC_DRAIN_SECONDS: variable(
    wholeNumber(0, 3600, 10),
    "0 to 3600 (default 10)",
    "how long running responses may go on after SIGTERM",
  ),
  RAWORC_CORS_ORIGINS: variable(list, "a comma-separated list of origins, or *", "who may call from a browser"),
  RAWORC_GRAPHIQL: variable(
    flag.optional(),
    "true or false (default: off in production)",
    "GraphiQL and introspection",
  ),
} satisfies Record<string, Described>;
