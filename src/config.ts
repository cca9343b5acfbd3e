import { resolve } from "node:path";
import { closestMatch } from "leven";
import type { z } from "zod";
import { variables } from "./config/variables.ts";

type Raw = { readonly [Name in keyof typeof variables]: z.output<(typeof variables)[Name]["schema"]> };

export type Config = ReturnType<typeof describeConfig>;

/** Thrown for bad configuration; the message lists every wrong variable, what it was and what is allowed. */
export class ConfigError extends Error {}

/**
 * Reads and checks the whole configuration at once.
 *
 * @throws {ConfigError} naming each wrong variable. Values of secrets are not repeated.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const entries = Object.entries(variables).map(([name, { schema, allowed }]) => {
    const given = environment[name] === "" ? undefined : environment[name];
    const parsed = schema.safeParse(given);
    if (!parsed.success) problems.push(`${name} is ${shown(name, given)}; allowed: ${allowed}`);
    return [name, parsed.data];
  });
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  const config = describeConfig(Object.fromEntries(entries) as Raw); // every entry was parsed by its own schema
  checkTogether(config);
  return config;
}

/** What each variable may be only beside others. */
function checkTogether({ dockerHosts, dockerHost, runtime }: Config): void {
  if (dockerHosts.length === 0) return;
  if (dockerHost !== null) {
    throw new ConfigError(
      "RAWORC_DOCKER_HOSTS and DOCKER_HOST are both set; allowed: one of them. Name all engines in the first",
    );
  }
  if (runtime !== "auto" && runtime !== "docker") {
    throw new ConfigError(
      `RAWORC_DOCKER_HOSTS is set and RAWORC_RUNTIME is "${runtime}"; allowed beside it: docker or auto`,
    );
  }
}

const prefix = "RAWORC_";
/** The share of a name's letters that may be wrong; more of them make another name. */
const typos = 0.4;

/** A sentence for each variable that is called like the gateway's and is none of them, with the one that is near. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.keys(variables);
  const given = Object.keys(environment).filter((name) => environment[name] && name.toUpperCase().startsWith(prefix));
  return given
    .filter((name) => !known.includes(name))
    .map((name) => {
      const maxDistance = Math.ceil((name.length - prefix.length) * typos);
      const near = closestMatch(name.toUpperCase(), known, { maxDistance });
      return `${name} is not a variable of the gateway and changes nothing${near ? `; is ${near} meant?` : ""}`;
    });
}

const shown = (name: string, value: string | undefined) =>
  /SECRET|KEY|PASSWORD|DATABASE_URL|GIT_BASE_URL/.test(name) ? `not usable (its value is not shown)` : `"${value}"`;

function describeConfig(raw: Raw) {
  const production = raw.NODE_ENV === "production";
  const dataDir = resolve(raw.RAWORC_DATA_DIR);
  return {
    host: raw.HOST,
    port: raw.PORT,
    hosts: raw.RAWORC_HOSTS,
    trustedProxies: raw.RAWORC_TRUSTED_PROXIES,
    production,
    onLoopback: /^(127\.|::1$|localhost$)/.test(raw.HOST),
    logLevel: raw.LOG_LEVEL,
    dataDir,
    databaseUrl: raw.DATABASE_URL ?? `file:${resolve(dataDir, "gateway.db")}`,
    /** Only whether there is one: it may hold a password, and nothing uses it. */
    hasRedis: raw.REDIS_URL !== undefined,
    runtime: raw.RAWORC_RUNTIME,
    dockerHost: raw.DOCKER_HOST ?? null,
    /** None means one engine. */
    dockerHosts: raw.RAWORC_DOCKER_HOSTS,
    dockerTls: { verify: raw.DOCKER_TLS_VERIFY !== undefined, folder: raw.DOCKER_CERT_PATH ?? null },
    agentImage: raw.RAWORC_AGENT_IMAGE,
    /** None means every image. */
    images: raw.RAWORC_IMAGES,
    agentNetwork: raw.RAWORC_AGENT_NETWORK === "egress" ? ("EGRESS" as const) : ("NONE" as const),
    freezeSeconds: raw.RAWORC_FREEZE_SECONDS,
    adminPassword: raw.RAWORC_ADMIN_PASSWORD ?? null,
    jwtSecret: raw.RAWORC_JWT_SECRET ?? null,
    previousJwtSecret: raw.RAWORC_JWT_SECRET_PREVIOUS ?? null,
    masterKey: raw.RAWORC_MASTER_KEY ?? null,
    previousMasterKey: raw.RAWORC_MASTER_KEY_PREVIOUS ?? null,
    engine: raw.RAWORC_ENGINE,
    model: {
      name: raw.RAWORC_MODEL ?? null,
      anthropicApiKey: raw.ANTHROPIC_API_KEY ?? null,
      openaiApiKey: raw.OPENAI_API_KEY ?? null,
      openaiBaseUrl: raw.OPENAI_BASE_URL ?? null,
      hosts: raw.RAWORC_MODEL_HOSTS,
    },
    contextTokens: raw.RAWORC_CONTEXT_TOKENS,
    computerLimits: {
      memoryBytes: raw.RAWORC_COMPUTER_MEMORY_MB * 1_048_576,
      cpus: raw.RAWORC_COMPUTER_CPUS,
      pids: raw.RAWORC_COMPUTER_PIDS,
    },
    maxStarts: raw.RAWORC_MAX_STARTS,
    warmPool: raw.RAWORC_WARM_POOL,
    maxBodyBytes: raw.RAWORC_MAX_BODY_BYTES,
    maxLoginsPerMinute: raw.RAWORC_MAX_LOGINS_PER_MINUTE,
    maxMutationsPerMinute: raw.RAWORC_MAX_MUTATIONS_PER_MINUTE,
    eventRetentionDays: raw.RAWORC_EVENT_RETENTION_DAYS,
    ...describeBuilding(raw),
    drainSeconds: raw.RAWORC_DRAIN_SECONDS,
    corsOrigins: raw.RAWORC_CORS_ORIGINS,
    graphiql: raw.RAWORC_GRAPHIQL ?? !production,
  };
}

/** Where code comes from, and what making it ready may take. */
const describeBuilding = (raw: Raw) => ({
  git: {
    baseUrl: raw.RAWORC_GIT_BASE_URL,
    protocols: raw.RAWORC_GIT_PROTOCOLS,
    hosts: raw.RAWORC_GIT_HOSTS ?? null,
    maxBytes: raw.RAWORC_GIT_MAX_MB * 1_048_576,
  },
  builds: {
    network: raw.RAWORC_BUILD_NETWORK === "egress" ? ("EGRESS" as const) : ("NONE" as const),
    seconds: raw.RAWORC_BUILD_SECONDS,
    maxBytes: raw.RAWORC_BUILD_MAX_MB * 1_048_576,
    atOnce: raw.RAWORC_MAX_BUILDS,
  },
});

/** One line per variable, for `--help`. */
export const describeVariables = () =>
  Object.entries(variables)
    .map(([name, { allowed, why }]) => `  ${name.padEnd(32)}${why}\n${" ".repeat(34)}${allowed}`)
    .join("\n");
