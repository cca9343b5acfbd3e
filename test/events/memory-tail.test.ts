import { expect, test } from "vitest";
import { createMemoryTail } from "../../src/events/memory-tail.ts";
import type { Delta } from "../../src/events/event.ts";

test("a reader that throws fails neither the writer nor the other readers, and is reported", () => {
  const [reported, heard]: [unknown[], Delta[]] = [[], []];
  const tail = createMemoryTail((error) => reported.push(error));
  const broken = new Error("a reader's bug");
  const fail = () => {
    throw broken;
  };
  const delta = { stream: "response:1", delta: { text: "a" } };
  tail.subscribe("response:1", { event: fail, delta: fail });
  tail.subscribe("response:1", { event: fail, delta: (one) => heard.push(one) });
  tail.subscribe("*", { event: fail, delta: (one) => heard.push(one) });

  tail.publishDelta(delta);
  expect(heard).toEqual([delta, delta]);
  expect(reported).toEqual([broken]);
});
