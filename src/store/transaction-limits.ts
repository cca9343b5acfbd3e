/** How long a transaction may wait for its turn and how long it may take, before the database gives it up. */
export const transactionOptions = { maxWait: 10_000, timeout: 15_000 } as const;
