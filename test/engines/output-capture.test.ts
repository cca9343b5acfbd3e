import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OUTPUT_LIMIT_BYTES, OutputCapture, truncated } from "../../src/engines/output-capture.ts";
import { heldBytes } from "../support/memory.ts";

function dissect(kept: string) {
  const [, head = kept, leftOut = "0", tail = ""] = /^([^]*)\n\[… (\d+) bytes left out …\]\n([^]*)$/.exec(kept) ?? [];
  return { head, leftOut: Number(leftOut), tail };
}

describe("the output of a tool", () => {
  test("keeps characters whole that are split over chunks, on both streams at once", () => {
    const capture = new OutputCapture();
    const [first, second] = [Buffer.from("é"), Buffer.from("€")];
    capture.push(first.subarray(0, 1), "stdout");
    capture.push(second.subarray(0, 2), "stderr");
    capture.push(first.subarray(1), "stdout");
    capture.push(second.subarray(2), "stderr");
    expect(capture.finish()).toBe("é€");
  });

  test("replaces NUL and invalid bytes, also a character that never ended", () => {
    const capture = new OutputCapture();
    capture.push(Buffer.from([0x61, 0x00, 0xff, 0x62, 0xe2, 0x82]), "stdout");
    expect(capture.finish()).toBe("a\uFFFD\uFFFDb\uFFFD");
  });

  test("stays within its limit, keeps both ends and counts what is left out, however it is cut into chunks", () => {
    const pieces = fc.array(fc.tuple(fc.constantFrom("a", "é", "€", "😀", "\n"), fc.integer({ min: 1, max: 9000 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 50_000 }), (parts, chunkBytes) => {
        const text = parts.map(([character, count]) => character.repeat(count)).join("");
        const bytes = Buffer.from(text);
        const capture = new OutputCapture();
        for (let at = 0; at < bytes.length; at += chunkBytes)
          capture.push(bytes.subarray(at, at + chunkBytes), "stdout");
        const { head, leftOut, tail } = dissect(capture.finish());
        const keptBytes = Buffer.byteLength(head + tail);
        expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
        expect(keptBytes + leftOut).toBe(bytes.length);
        expect(keptBytes).toBeLessThanOrEqual(OUTPUT_LIMIT_BYTES);
        expect(keptBytes).toBeGreaterThanOrEqual(Math.min(bytes.length, OUTPUT_LIMIT_BYTES - 8));
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["64 kB at a time", 3200, 65_536],
    ["a few letters at a time", 20_000, 3],
  ])("takes little memory while it comes, %s", (_how, chunks, bytes) => {
    const capture = new OutputCapture();
    const chunk = Buffer.alloc(bytes, "x");
    const before = heldBytes();
    for (let count = 0; count < chunks; count += 1) {
      capture.push(chunk, "stdout");
      Buffer.from("x".repeat(4000)); // what others take from the memory that small buffers share
    }
    expect(heldBytes() - before).toBeLessThan(2_000_000);
    expect(capture.finish()).toMatch(/^x+/);
  });

  test("is left as it is when it fits", () => {
    const text = "x".repeat(OUTPUT_LIMIT_BYTES);
    expect(truncated(text)).toBe(text);
    expect(truncated(`${text}x`)).toContain("[… 1 bytes left out …]");
  });
});
