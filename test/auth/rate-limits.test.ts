import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createRateLimits } from "../../src/auth/rate-limits.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2025-01-01T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

const limitsOf = (maxLoginsPerMinute: number, maxMutationsPerMinute = 10) =>
  createRateLimits({ maxLoginsPerMinute, maxMutationsPerMinute });

describe("failed logins", () => {
  test("lock the user name for the rest of the minute, from wherever they came", async () => {
    const limits = limitsOf(2);
    await limits.countFailedLogin({ user: "ada", address: "192.0.2.1" });
    await limits.checkLogin({ user: "ada", address: "192.0.2.9" });
    vi.advanceTimersByTime(20_000);
    await limits.countFailedLogin({ user: "ada", address: "192.0.2.2" });

    await expect(limits.checkLogin({ user: "ada", address: "192.0.2.9" })).rejects.toMatchObject({
      code: "RATE_LIMITED",
      facts: { retryAfterSeconds: 40 },
    });
    await limits.checkLogin({ user: "bob", address: "192.0.2.9" });

    vi.advanceTimersByTime(40_000);
    await limits.checkLogin({ user: "ada", address: "192.0.2.9" });
  });

  test("lock the address, whatever names were tried from it", async () => {
    const limits = limitsOf(2);
    await limits.countFailedLogin({ user: "ada", address: "192.0.2.1" });
    await limits.countFailedLogin({ user: "bob", address: "192.0.2.1" });
    await expect(limits.checkLogin({ user: "eve", address: "192.0.2.1" })).rejects.toMatchObject({
      code: "RATE_LIMITED",
    });
    await limits.checkLogin({ user: "eve", address: null });
  });

  test("of a user called like an address do not lock that address", async () => {
    const limits = limitsOf(1);
    await limits.countFailedLogin({ user: "address:192.0.2.1", address: null });
    await expect(limits.checkLogin({ user: "ada", address: "192.0.2.1" })).resolves.toBeUndefined();
  });
});

describe("mutations", () => {
  test("are allowed up to the limit for each caller", async () => {
    const limits = limitsOf(1, 2);
    await limits.spendMutation("ada");
    await limits.spendMutation("ada");
    await expect(limits.spendMutation("ada")).rejects.toMatchObject({
      code: "RATE_LIMITED",
      facts: { retryAfterSeconds: 60 },
    });
    await limits.spendMutation("bob");
    vi.advanceTimersByTime(60_000);
    await limits.spendMutation("ada");
  });
});
