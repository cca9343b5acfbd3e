import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSealer } from "../../src/store/aes-sealer.ts";

const place = { space: "default", owner: "agent:a", keyName: "TOKEN" };

describe("a sealed value", () => {
  const key = randomBytes(32);
  const sealer = createSealer(key);

  test.each(["", "sk-123", "ü💡\u0000\n", "x".repeat(1_000_000)])("comes back as it was: %#", (plain) => {
    expect(sealer.open(sealer.seal(plain, place), sealer.keyId, place)).toBe(plain);
  });

  test("shows nothing of what it holds, and never looks the same twice", () => {
    const [once, twice] = [sealer.seal("sk-123", place), sealer.seal("sk-123", place)];
    expect(Buffer.from(once).includes("sk-123")).toBe(false);
    expect(Buffer.from(once).equals(twice)).toBe(false);
  });

  test.each([
    ["another space", { ...place, space: "other" }],
    ["another owner", { ...place, owner: "agent:b" }],
    ["another key name", { ...place, keyName: "TOKEN2" }],
    ["a place whose names run together the same way", { space: "defaultagent:a", owner: "", keyName: "TOKEN" }],
    ["a place that quotes its neighbour", { space: 'default","agent:a', owner: "", keyName: "TOKEN" }],
  ])("cannot be opened in %s", (_where, elsewhere) => {
    const sealed = sealer.seal("sk-123", place);
    expect(() => sealer.open(sealed, sealer.keyId, elsewhere)).toThrow(/was changed, or sealed for another place/);
  });

  test("cannot be opened when a single bit of it was changed or its end is missing", () => {
    const sealed = sealer.seal("sk-123", place);
    for (const at of sealed.keys()) {
      const changed = sealed.with(at, (sealed[at] ?? 0) ^ 1);
      expect(() => sealer.open(changed, sealer.keyId, place)).toThrow(/was changed/);
      expect(() => sealer.open(sealed.slice(0, at), sealer.keyId, place)).toThrow(/was changed/);
    }
  });

  test("can be opened after the master key was changed, while the old one is still given", () => {
    const sealed = sealer.seal("sk-123", place);
    const next = createSealer(randomBytes(32), () => [key]);
    expect(next.keyId).not.toBe(sealer.keyId);
    expect(next.open(sealed, sealer.keyId, place)).toBe("sk-123");
    expect(() => sealer.open(next.seal("new", place), next.keyId, place)).toThrow(
      /master key this gateway does not have/,
    );
  });
});
