import { Prisma } from "./generated/client/client.ts";

/** How long a transaction may wait for its turn and how long it may take, before it is given up. */
export const transactionLimits = { maxWaitMs: 15_000, timeLimitMs: 15_000 } as const;

/** The same for the transactions that Prisma makes by itself, for one call that takes several statements. */
export const transactionOptions = { maxWait: 10_000, timeout: 15_000 } as const;

/** What Prisma says of a transaction that waited or took too long, for those that are not Prisma's own. */
export const transactionGivenUp = (message: string) =>
  new Prisma.PrismaClientKnownRequestError(message, { code: "P2028", clientVersion: Prisma.prismaVersion.client });
