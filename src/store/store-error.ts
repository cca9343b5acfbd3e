import { isDriverAdapterError } from "@prisma/driver-adapter-utils";

/** The store cannot be opened; the message is for the operator and says what to do. */
export class StoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StoreError";
  }
}

/** The same error if it already is for the operator, else one that begins with `what` and ends with the reason. */
export const asStoreError = (what: string, error: unknown): StoreError =>
  error instanceof StoreError ? error : new StoreError(`${what}: ${reasonOf(error)}`, error);

function reasonOf(error: unknown): string {
  if (isDriverAdapterError(error)) return error.cause.originalMessage ?? error.message;
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split("\n", 1)[0] ?? message;
}
