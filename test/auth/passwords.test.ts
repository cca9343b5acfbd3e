import { describe, expect, test } from "vitest";
import { createPasswords } from "../../src/auth/passwords.ts";

/** What version 0.1 kept for "admin", with another library. */
const earlier = "$argon2id$v=19$m=19456,p=1,t=2$QSrPaxFo5d7238L+8Tx8fQ$uIW6Xk6suIGWLe9DWMzXiGBUGV/bLoflJG8aQULdVJ4";

describe("passwords", () => {
  test("are kept as argon2id with the parameters OWASP recommends", async () => {
    const kept = await createPasswords().hash("correct horse");
    expect(kept).toMatch(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  test("kept by other implementations and earlier versions are recognised", async () => {
    const passwords = createPasswords();
    const reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    expect(await passwords.verify(reference, "password")).toBe(true);
    expect(await passwords.verify(reference, "Password")).toBe(false);
    expect(await passwords.verify(earlier, "admin")).toBe(true);
    expect(passwords.isOutdated(earlier)).toBe(true);
  });

  test("are recognised, and others are not", async () => {
    const passwords = createPasswords();
    const kept = await passwords.hash("admin");
    expect(await passwords.verify(kept, "admin")).toBe(true);
    expect(await passwords.verify(kept, "Admin")).toBe(false);
    expect(await passwords.verify(kept, "")).toBe(false);
  });

  test("cost an unknown user the same computing as a known one, and nothing is ever right for nobody", async () => {
    const passwords = createPasswords();
    const kept = await passwords.hash("admin");
    const computing = async (of: string | null) => {
      const before = process.cpuUsage();
      for (const guess of ["wrong", "admin ", "", "x", "y"]) expect(await passwords.verify(of, guess)).toBe(false);
      return process.cpuUsage(before).user;
    };
    const [known, unknown] = [await computing(kept), await computing(null)];
    expect(unknown).toBeGreaterThan(known / 2);
    expect(known).toBeGreaterThan(unknown / 2);
    expect(passwords.load().computed).toBe(11);
    expect(await passwords.verify(null, "admin")).toBe(false);
  });

  test("have 1 to 1024 bytes, counted in UTF-8", async () => {
    const passwords = createPasswords();
    const allowed = "é".repeat(512);
    expect(await passwords.verify(await passwords.hash(allowed), allowed)).toBe(true);
    for (const password of ["", `${allowed}.`]) {
      await expect(passwords.hash(password, "newPassword")).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        facts: { field: "newPassword" },
      });
    }
    expect(passwords.load().computed).toBe(2);
  });

  test("longer than allowed are wrong after the usual work, without hashing their length", async () => {
    const passwords = createPasswords();
    const kept = await passwords.hash("x");
    expect(await passwords.verify(kept, "x".repeat(1_000_000))).toBe(false);
    expect(passwords.load().computed).toBe(2);
  });

  test("are hashed a few at a time; the rest wait, and past a bound are refused", async () => {
    const passwords = createPasswords({ concurrency: 2, maxWaiting: 3 });
    let most = 0;
    const begin = () => {
      most = Math.max(most, passwords.load().running);
    };
    const guess = () => passwords.verify(null, "x", begin).catch((error: { code: string }) => error.code);
    const guesses = Array.from({ length: 8 }, guess);
    const answers = await Promise.all(guesses);
    expect(most).toBe(2);
    expect(answers.filter((answer) => answer === "RATE_LIMITED").length).toBeGreaterThanOrEqual(3);
    expect(answers.filter((answer) => answer === false).length).toBeGreaterThanOrEqual(3);
    expect(passwords.load()).toMatchObject({ running: 0, waiting: 0 });
  });

  test("are not hashed when they are called off while waiting", async () => {
    const passwords = createPasswords();
    const calledOff = passwords.verify(null, "x", () => Promise.reject(new Error("called off")));
    await expect(calledOff).rejects.toThrow("called off");
    expect(passwords.load().computed).toBe(0);
  });

  test("kept with other parameters are outdated", async () => {
    const passwords = createPasswords();
    const kept = await passwords.hash("admin");
    expect(passwords.isOutdated(kept)).toBe(false);
    expect(passwords.isOutdated(kept.replace("t=5", "t=4"))).toBe(true);
  });
});
