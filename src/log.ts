import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config.ts";

/** Where secrets may stand in what is logged; pino puts `[redacted]` there. */
const redacted = [
  "authorization",
  "password",
  "token",
  "secret",
  "secrets",
  "*.authorization",
  "*.password",
  "*.token",
  "*.secret",
  "*.secrets",
  "req.headers.authorization",
  "req.headers.cookie",
];

/** The program's log: JSON lines, or readable ones where a person watches; to the standard output unless told otherwise. */
export function createLog(
  { logLevel, production }: Pick<Config, "logLevel" | "production">,
  destination?: DestinationStream,
): Logger {
  const options = {
    level: logLevel,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: "[redacted]" },
  };
  if (destination) return pino(options, destination);
  const readable = !production && process.stdout.isTTY;
  return pino({
    ...options,
    ...(readable ? { transport: { target: "pino-pretty", options: { translateTime: "HH:MM:ss" } } } : {}),
  });
}
