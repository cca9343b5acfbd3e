import { Prisma } from "./generated/client/client.ts";

/** True when a write was refused because a value that must be unique is taken. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";

/** True when the database could not be reached or did not answer in time. */
export const isStoreAway = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientInitializationError ||
  (error instanceof Prisma.PrismaClientKnownRequestError && awayCodes.has(error.code));

/** Prisma's codes for: cannot reach, timed out, connection closed, no connection free, transaction not started. */
const awayCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"]);
