import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import pLimit from "p-limit";
import { badInput, GatewayError } from "../errors.ts";

/** How passwords are kept: argon2id with parameters that OWASP recommends. Few hashes run at once. */
export interface Passwords {
  /** @throws {GatewayError} BAD_USER_INPUT for a password that is not allowed, RATE_LIMITED when too many wait. */
  hash(password: string, field?: string): Promise<string>;
  /**
   * Compares a password with what is kept; `null`, for an account that does not exist, is never right and
   * costs the same work. `before` is called when the work's turn comes and may throw to call it off.
   *
   * @throws {GatewayError} RATE_LIMITED when too many wait.
   */
  verify(kept: string | null, password: string, before?: () => void | Promise<void>): Promise<boolean>;
  /** True when the hash was made with other parameters than today's. */
  isOutdated(kept: string): boolean;
  /** What hashing does now, and how many hashes were computed since the start. */
  load(): { readonly running: number; readonly waiting: number; readonly computed: number };
}

/** Bounds on the work; by default a processor is left to all else, and one of libuv's four threads to files and names. */
export interface PasswordLimits {
  readonly concurrency?: number;
  readonly maxWaiting?: number;
}

/** Of OWASP's equivalent settings the one that costs least here; see docs/decisions/passwords.md. */
const parameters = { memoryCost: 7168, timeCost: 5, parallelism: 1 } as const;
/** How every hash of today begins; argon2id, version 19, is the library's own default. */
const today = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;
const maxBytes = 1024;

/** A hash of no password, which costs what a real one costs: argon2 gets the same parameters, salt and length. */
const nobodysHash =
  today + [16, 32].map((bytes) => Buffer.alloc(bytes, 7).toString("base64").replaceAll("=", "")).join("$");

/** @throws {GatewayError} BAD_USER_INPUT unless the password has 1 to 1024 bytes. */
export function checkPassword(password: string, field = "password"): void {
  const bytes = Buffer.byteLength(password);
  if (bytes < 1 || bytes > maxBytes) throw badInput(field, `A password has 1 to ${maxBytes} bytes`);
}

/** Makes the one place of the process where passwords are hashed. */
export function createPasswords(limits: PasswordLimits = {}): Passwords {
  const { concurrency = Math.max(1, Math.min(availableParallelism() - 1, 3)), maxWaiting = 500 } = limits;
  const limit = pLimit(concurrency);
  let computed = 0;

  const run = <T>(work: () => Promise<T>, before?: () => void | Promise<void>): Promise<T> => {
    if (limit.pendingCount >= maxWaiting) {
      throw new GatewayError("RATE_LIMITED", "Too many logins are waiting; try again soon", { retryAfterSeconds: 5 });
    }
    return limit(async () => {
      await before?.();
      computed += 1;
      return work();
    });
  };

  return {
    async hash(password, field) {
      checkPassword(password, field);
      return run(() => hash(password, parameters));
    },
    async verify(kept, password, before) {
      const text = Buffer.byteLength(password) > maxBytes ? "" : password;
      const matches = await run(() => verify(kept ?? nobodysHash, text), before);
      return matches && kept !== null && text === password;
    },
    isOutdated: (kept) => !kept.startsWith(today),
    load: () => ({ running: limit.activeCount, waiting: limit.pendingCount, computed }),
  };
}
