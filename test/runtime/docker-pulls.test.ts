import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { openOverStandIn } from "./stand-in-engine.ts";

test("images are pulled sixteen at a time, however many are asked for", async () => {
  const pulls: ServerResponse[] = [];
  const runtime = await openOverStandIn({ onPull: (answer) => pulls.push(answer) });
  const images = Array.from({ length: 40 }, (_, index) => `image-${index}:1`);
  const all = Promise.all(images.map((image) => runtime.ensureImage(image)));
  for (let answered = 0; answered < images.length; answered += 1) {
    await expect.poll(() => pulls.length).toBeGreaterThan(answered);
    expect(pulls.length).toBeLessThanOrEqual(answered + 16);
    pulls[answered]?.end();
  }
  await all;
});
