import { Prisma } from "./generated/client/client.ts";

/** True when a write was refused because a value that must be unique is taken. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
