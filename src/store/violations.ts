import { isDriverAdapterError } from "@prisma/driver-adapter-utils";
import { Prisma } from "./generated/client/client.ts";

/** True when a write was refused because a value that must be unique is taken. */
export const isUniqueViolation = (error: unknown): boolean =>
  (error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002") ||
  adapterErrorOf(error)?.cause.kind === "UniqueConstraintViolation";

/** True when the database could not be reached or did not answer in time. */
export const isStoreAway = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientInitializationError ||
  (error instanceof Prisma.PrismaClientKnownRequestError && awayCodes.has(error.code)) ||
  adapterErrorOf(error)?.cause.kind === "SocketTimeout";

/** Prisma's codes for: cannot reach, timed out, connection closed, no connection free, transaction not started. */
const awayCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"]);

/** True when there was no room to write on; nothing of the transaction was kept. */
export const isStoreFull = (error: unknown): boolean => fullCodes.has(originalCodeOf(error) ?? "");

/** SQLite's and PostgreSQL's own codes for it. */
const fullCodes = new Set(["SQLITE_FULL", "53100"]);

/** True when a text was asked for or to be kept that no row can hold; nothing of the transaction was kept. */
export const isUnstorable = (error: unknown): boolean => unstorableCodes.has(originalCodeOf(error) ?? "");

/** PostgreSQL's own codes for a NUL in a text, and in the text of JSON; on SQLite there is just no such row. */
const unstorableCodes = new Set(["22021", "22P05"]);

/** True when the database ended a transaction for what others did at the same time; nothing of it was kept. */
export const isGivenUp = (error: unknown): boolean => givenUpCodes.has(originalCodeOf(error) ?? "");

/**
 * PostgreSQL's own codes for a deadlock, and for transactions that could not have come one after another; SQLite's for one
 * that was undone with another, whose COMMIT it would have shared.
 */
const givenUpCodes = new Set(["40P01", "40001", "SQLITE_ABORT_ROLLBACK"]);

const originalCodeOf = (error: unknown) => adapterErrorOf(error)?.cause.originalCode;

/** Prisma's client wraps the error of a statement; one written by hand, BEGIN and COMMIT fail with it as it is. */
function adapterErrorOf(error: unknown) {
  const wrapped = error instanceof Prisma.PrismaClientKnownRequestError ? error.meta?.["driverAdapterError"] : error;
  return isDriverAdapterError(wrapped) ? wrapped : null;
}
