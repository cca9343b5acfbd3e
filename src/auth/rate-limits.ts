import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { GatewayError } from "../errors.ts";

/** Who tries to log in: the user name given, and the network address where that is known. */
export interface LoginAttempt {
  readonly user: string;
  readonly address: string | null;
}

/** Counts of the last minute, in this process. */
export interface RateLimits {
  /** @throws {GatewayError} RATE_LIMITED after too many failed logins for this user name or from this address. */
  checkLogin(attempt: LoginAttempt): Promise<void>;
  /** Counts a failed login; successful ones cost nothing. */
  countFailedLogin(attempt: LoginAttempt): Promise<void>;
  /**
   * Counts a mutation by a caller (a principal's user, or an address).
   *
   * @throws {GatewayError} RATE_LIMITED when the caller has had too many; refused ones count as well.
   */
  spendMutation(caller: string): Promise<void>;
}

/** How many a minute are allowed. */
export interface RateLimitOptions {
  readonly maxLoginsPerMinute: number;
  readonly maxMutationsPerMinute: number;
}

/** Makes the counters of one process; replicas count each for itself. */
export function createRateLimits({ maxLoginsPerMinute, maxMutationsPerMinute }: RateLimitOptions): RateLimits {
  const failedLogins = new RateLimiterMemory({ keyPrefix: "login", points: maxLoginsPerMinute, duration: 60 });
  const mutations = new RateLimiterMemory({ keyPrefix: "mutation", points: maxMutationsPerMinute, duration: 60 });

  return {
    async checkLogin(attempt) {
      for (const key of keysOf(attempt)) {
        const failed = await failedLogins.get(key);
        if (failed && failed.consumedPoints >= maxLoginsPerMinute) throw tooMany("failed logins", failed);
      }
    },
    async countFailedLogin(attempt) {
      for (const key of keysOf(attempt)) await failedLogins.penalty(key);
    },
    async spendMutation(caller) {
      await mutations.consume(caller).catch((refusal: unknown) => {
        throw refusal instanceof RateLimiterRes ? tooMany("changes", refusal) : refusal;
      });
    },
  };
}

const keysOf = ({ user, address }: LoginAttempt): string[] => [
  `user:${user.slice(0, 256)}`,
  ...(address === null ? [] : [`address:${address}`]),
];

function tooMany(what: string, { msBeforeNext }: RateLimiterRes): GatewayError {
  const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new GatewayError("RATE_LIMITED", `Too many ${what}; try again in ${retryAfterSeconds} s`, {
    retryAfterSeconds,
  });
}
