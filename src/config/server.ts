import { z } from "zod";
import { flag, hostNames, list, proxies, text, wholeNumber } from "./values.ts";
import { type Described, variable } from "./variable.ts";

const sealingKey = z.optional(z.string().regex(/^[A-Za-z0-9+/_=-]{43,44}$/));

/** Where the gateway listens, what it keeps and where, and whom it serves. */
export const serverVariables = {
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
