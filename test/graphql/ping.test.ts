import { EventEmitter } from "node:events";
import { makeServer } from "graphql-ws";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { schema } from "../../src/graphql/schema.ts";
import { speak } from "../../src/graphql/socket.ts";

const pingMs = 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A socket by hand: what was done with it is counted, and what its peer does is said. */
class Socket extends EventEmitter {
  readonly protocol = "graphql-transport-ws";
  readonly OPEN = 1;
  readyState = 1;
  pings = 0;
  isTerminated = false;
  readonly connection = { bytesWritten: 0 };

  ping() {
    this.pings++;
    this.connection.bytesWritten += 2;
  }

  terminate() {
    this.isTerminated = true;
    this.emit("close", 1006, "");
  }
}

function open(): Socket {
  const socket = new Socket();
  const peer = { connection: socket.connection, close: () => undefined };
  const limits = { pingMs, waitingBytes: 1000 };
  speak(makeServer({ schema }), socket as unknown as WebSocket, peer, pino({ enabled: false }), limits);
  return socket;
}

/** Lets time pass from ping to ping, in which so much is written each half and the peer answers what it was asked. */
function pass(socket: Socket, times: number, { bytes = 0, answers = true } = {}): void {
  for (let halves = 0; halves < 2 * times; halves++) {
    socket.connection.bytesWritten += bytes;
    vi.advanceTimersByTime(pingMs / 2);
    if (answers) socket.emit("pong");
  }
}

/** How long nothing is written after something was, so long after the socket was opened; at most 3 s. */
function silenceAfter(ms: number): number {
  const socket = open();
  const wait = () => {
    vi.advanceTimersByTime(10);
    socket.emit("pong");
  };
  for (let passed = 0; passed < ms; passed += 10) wait();
  const written = ++socket.connection.bytesWritten;
  let silentMs = 0;
  for (; socket.connection.bytesWritten === written && silentMs < 3000; silentMs += 10) wait();
  socket.terminate();
  return silentMs;
}

describe("whether anybody is at the other end of a socket", () => {
  test("is asked each time while nothing else is written", () => {
    const socket = open();
    pass(socket, 5);
    expect(socket.pings).toBe(5);
  });

  test("is asked every fourth time while something is, and at once when that ends", () => {
    const socket = open();
    pass(socket, 8, { bytes: 100 });
    expect(socket.pings).toBe(2);
    pass(socket, 2);
    expect(socket.pings).toBe(4);
  });

  test("is asked before it was silent for longer than a ping may be away, whenever it was written to", () => {
    const moments = [10, 300, 490, 510, 700, 990, 1010, 1490, 1990, 2010];
    for (const ms of moments) expect(silenceAfter(ms), `written to after ${ms} ms`).toBeLessThanOrEqual(pingMs);
  });

  test.each([0, 100])("ends it when there is no answer, with %s bytes written meanwhile", (bytes) => {
    const socket = open();
    pass(socket, 4, { bytes });
    expect(socket.isTerminated).toBe(false);
    pass(socket, 5, { bytes, answers: false });
    expect(socket.isTerminated).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
