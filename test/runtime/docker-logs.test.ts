import { describe, expect, test } from "vitest";
import type { LogLine, OutputStream } from "../../src/runtime/runtime.ts";
import { heldBytes } from "../support/memory.ts";
import { frameOf, openOverStandIn } from "./stand-in-engine.ts";

/** The most that an engine keeps of a line in one piece. */
const pieceBytes = 16_384;

const timeOf = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000);

/** One piece of a log, with its time as engines write it. */
function pieceOf(stream: OutputStream, second: number, ...content: readonly (string | Buffer)[]): Buffer {
  const stamp = `${timeOf(second).toISOString().replace("Z", "000001Z")} `;
  return frameOf(stream, Buffer.concat([stamp, ...content].map((part) => Buffer.from(part as Buffer))));
}

describe("the log of a container", () => {
  test("comes in pieces where a line never ends, and is not kept meanwhile", async () => {
    const pieces = 256;
    const log = (function* () {
      for (let piece = 0; piece < pieces; piece += 1) yield pieceOf("stdout", piece, "x".repeat(pieceBytes));
    })();
    const runtime = await openOverStandIn({ log });
    const before = heldBytes();
    let lines = 0;
    for await (const { at, text } of runtime.logs("c", { follow: true })) {
      expect(text.length).toBe(65_536);
      expect(text.replaceAll("x", "")).toBe("");
      expect(at).toEqual(timeOf((lines * text.length) / pieceBytes));
      lines += 1;
      if (lines === (pieces * pieceBytes) / text.length - 1) break;
    }
    expect(heldBytes() - before).toBeLessThan(2_000_000);
  });

  test("has long lines whole, without the times that the engine puts in between", async () => {
    const accent = Buffer.from("é");
    const sent = Buffer.concat([
      pieceOf("stdout", 1, "x".repeat(pieceBytes - 1), accent.subarray(0, 1)),
      pieceOf("stderr", 2, "beside\n"),
      pieceOf("stdout", 3, accent.subarray(1), " end\n"),
      pieceOf("stdout", 4, "\n"),
      pieceOf("stdout", 5, "a b\n"),
    ]);
    const expected: readonly LogLine[] = [
      { at: timeOf(2), stream: "stderr", text: "beside" },
      { at: timeOf(1), stream: "stdout", text: `${"x".repeat(pieceBytes - 1)}é end` },
      { at: timeOf(4), stream: "stdout", text: "" },
      { at: timeOf(5), stream: "stdout", text: "a b" },
    ];
    for (const chunkBytes of [5, sent.length]) {
      const log = (function* () {
        for (let at = 0; at < sent.length; at += chunkBytes) yield sent.subarray(at, at + chunkBytes);
      })();
      const runtime = await openOverStandIn({ log });
      const lines: LogLine[] = [];
      for await (const line of runtime.logs("c", { follow: true })) if (lines.push(line) === expected.length) break;
      expect(lines).toEqual(expected);
    }
  });
});
