import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jwtSecret, masterKey } from "../../src/store/keys.ts";
import { StoreError } from "../../src/store/store-error.ts";

describe("the keys of a gateway", () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "raworc-keys-"));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  const stored = () => ({
    master: masterKey({ masterKey: null, dataDir }),
    jwt: jwtSecret({ jwtSecret: null, dataDir }),
  });

  test("are made on the first start and the same ever after", () => {
    const first = stored();
    expect(first.master).toHaveLength(32);
    expect(first.jwt.length).toBeGreaterThanOrEqual(32);
    expect(first.master.toString("base64")).not.toBe(first.jwt);
    expect(stored()).toEqual(first);
  });

  test("can be read by nobody else, and leave no drafts behind", () => {
    stored();
    const files = readdirSync(dataDir);
    expect(files).toEqual(["jwt.secret", "master.key"]);
    expect(files.map((file) => statSync(join(dataDir, file)).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  test("are refused when others can read them", () => {
    stored();
    chmodSync(join(dataDir, "master.key"), 0o640);
    expect(stored).toThrow(/master.key" can be read by others.*chmod 600/);
  });

  test("are refused with their file's name when it cannot be read", () => {
    mkdirSync(join(dataDir, "master.key"), { mode: 0o700 });
    expect(stored).toThrow(StoreError);
    expect(stored).toThrow(/The key file ".*master.key" cannot be used: EISDIR/);
  });

  test("are refused when their file holds something else, without repeating it", () => {
    writeFileSync(join(dataDir, "master.key"), "short", { mode: 0o600 });
    expect(stored).toThrow(/master.key" does not hold 32 bytes in base64$/);
  });

  test("come from the configuration where it has them, and nothing is written", () => {
    const key = Buffer.alloc(32, 7);
    expect(masterKey({ masterKey: key.toString("base64"), dataDir })).toEqual(key);
    expect(masterKey({ masterKey: key.toString("base64url"), dataDir })).toEqual(key);
    expect(jwtSecret({ jwtSecret: "s".repeat(32), dataDir })).toBe("s".repeat(32));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test("are one and the same for gateways that start at the same moment", async () => {
    const program = `import { masterKey } from ${JSON.stringify(new URL("../../src/store/keys.ts", import.meta.url).href)};
      console.log(masterKey({ masterKey: null, dataDir: ${JSON.stringify(dataDir)} }).toString("hex"));`;
    const start = () => spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]);
    const keys = await Promise.all(Array.from({ length: 4 }, () => text(start().stdout)));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]?.trim()).toHaveLength(64);
  });
});
