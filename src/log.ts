import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config.ts";

/** Where secrets may stand in what is logged; pino puts `[redacted]` there. */
const redacted = [
  "authorization",
  "password",
  "token",
  "secret",
  "*.authorization",
  "*.password",
  "*.token",
  "*.secrets",
  "req.headers.authorization",
  "req.headers.cookie",
];

/** The program's log: JSON lines, or readable ones where a person watches. */
export function createLog({ logLevel, production }: Pick<Config, "logLevel" | "production">): Logger {
  const readable = !production && process.stdout.isTTY;
  return pino({
    level: logLevel,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: "[redacted]" },
    ...(readable ? { transport: { target: "pino-pretty", options: { translateTime: "HH:MM:ss" } } } : {}),
  });
}
