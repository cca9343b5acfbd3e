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

/** Lets time pass from ping to ping, in which so much is written and the peer answers what it was asked. */
function pass(socket: Socket, times: number, { bytes = 0, answers = true } = {}): void {
  for (let count = 0; count < times; count++) {
    socket.connection.bytesWritten += bytes;
    vi.advanceTimersByTime(pingMs);
    if (answers) socket.emit("pong");
  }
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

  test.each([0, 100])("ends it when there is no answer, with %s bytes written meanwhile", (bytes) => {
    const socket = open();
    pass(socket, 4, { bytes });
    expect(socket.isTerminated).toBe(false);
    pass(socket, 5, { bytes, answers: false });
    expect(socket.isTerminated).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
