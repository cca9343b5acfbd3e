import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { heldBytes } from "../support/memory.ts";
import { frameOf, openOverStandIn } from "./stand-in-engine.ts";

describe("a look at files that fails", () => {
  test("says why, and keeps no more of what is complained of than it says", async () => {
    const complaint = frameOf("stderr", Buffer.alloc(65_536, "no such luck\n"));
    const before = heldBytes();
    let held = Number.NaN;
    const printed = (async function* () {
      for (let count = 0; count < 300; count += 1) {
        yield Buffer.from(complaint);
        await turn();
      }
      held = heldBytes() - before;
    })();
    const runtime = await openOverStandIn({ printed });
    const message: unknown = expect.stringMatching(/^Could not list "\.": (no such luck\n)+/);
    await expect(runtime.files.list("c", ".")).rejects.toMatchObject({ code: "UNAVAILABLE", message });
    expect(held).toBeLessThan(8_000_000);
  });
});
