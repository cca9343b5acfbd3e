import { expect, test } from "vitest";
import type { LogEvent } from "../../src/events/event.ts";
import { LogOrder } from "../../src/events/log-order.ts";
import { createMemoryTail } from "../../src/events/memory-tail.ts";

const at = new Date(0);
const rest = { type: "even", payload: {}, actor: null, space: null, ownerId: null, partOf: null, at };
const event = (id: number, stream = "response:1"): LogEvent => ({ ...rest, id: BigInt(id), stream, seq: id });
const passing = (place: number, text: string) => ({ place: BigInt(place), stream: "response:1", delta: { text } });

/** An order after which everything up to number 10 is known, and what it announced. */
function listenTo() {
  const announced: unknown[] = [];
  const tail = createMemoryTail();
  tail.subscribe("*", {
    event: ({ id }) => announced.push(Number(id)),
    delta: ({ delta }) => announced.push(delta["text"]),
  });
  return { order: new LogOrder(tail, 10n), announced };
}

test("what is committed here is announced at once when nothing comes before it", () => {
  const { order, announced } = listenTo();
  expect([order.wrote([event(11), event(12)]), order.wrote([event(13)])]).toEqual([true, true]);
  expect(announced).toEqual([11, 12, 13]);
});

test("what others committed before it is announced first, and nothing twice", () => {
  const { order, announced } = listenTo();
  expect(order.wrote([event(12)])).toBe(false);
  order.announce([event(11), event(12), event(13)]);
  expect(order.wrote([event(13)])).toBe(true);
  expect(announced).toEqual([11, 12, 13]);
});

test("passing text waits for the events that came before it", () => {
  const { order, announced } = listenTo();
  expect([order.pass(passing(10, "a")), order.pass(passing(12, "b"))]).toEqual([true, false]);
  order.announce([event(11)]);
  order.announce([event(12), event(13, "response:2")]);
  expect(announced).toEqual(["a", 11, 12, 13, "b"]);
});

test("passing text that comes after the next event of its stream is out of date", () => {
  const { order, announced } = listenTo();
  order.announce([event(11)]);
  order.pass(passing(10, "old"));
  order.pass(passing(11, "new"));
  expect(announced).toEqual([11, "new"]);
});

test("the place of passing text is behind all that is known here, announced or not", () => {
  const { order } = listenTo();
  expect(order.newest).toBe(10n);
  order.wrote([event(14)]);
  expect(order.newest).toBe(14n);
  order.announce([event(11), event(12), event(13), event(14), event(15)]);
  expect(order.newest).toBe(15n);
});
