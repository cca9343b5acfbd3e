import type { Duplex } from "node:stream";
import type { ExecutionResult } from "graphql";
import type { WebSocket } from "ws";
import type { Outlet, Payload } from "./reader.ts";

/** So much may wait for a reader before it is served at its own pace. */
const roomBytes = 256 * 1024;
/** What is larger is not copied for each reader. */
const copiedBytes = 16 * 1024;

/** A result in bytes, with the end of the message around it. */
export function payloadOf(result: ExecutionResult): Payload {
  const bytes = Buffer.from(`${JSON.stringify(result)}}`);
  return bytes.length <= copiedBytes ? bytes.toString("latin1") : bytes;
}

/**
 * The way of results to one subscription of a socket: graphql-ws's `next` messages. They are framed here and written
 * to the connection, which between whole frames is as good as through the socket: nothing on it is compressed.
 */
export class SocketOutlet implements Outlet {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #head: string;

  constructor(socket: WebSocket, connection: Duplex, id: string) {
    this.#socket = socket;
    this.#connection = connection;
    this.#head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`).toString("latin1");
  }

  hasRoom(): boolean {
    return this.#connection.writableLength < roomBytes;
  }

  write(payload: Payload): void {
    this.#write(payload);
  }

  send(payload: Payload): Promise<void> {
    return new Promise((resolve) => this.#write(payload, () => resolve()));
  }

  #write(payload: Payload, written?: () => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return written?.();
    const start = startOf(this.#head.length + payload.length) + this.#head;
    // A failed write is followed by the close of the socket, which ends everything.
    // Node copies what is small straight to the system when it is a string; a buffer would have to be made first.
    if (typeof payload === "string") return void this.#connection.write(start + payload, "latin1", written);
    this.#connection.cork();
    this.#connection.write(start, "latin1");
    this.#connection.write(payload, written);
    return this.#connection.uncork();
  }
}

/** How a text message of so many bytes begins as RFC 6455 has it, without a mask; the bytes must follow. */
function startOf(bytes: number): string {
  if (bytes < 126) return String.fromCharCode(0x81, bytes);
  if (bytes < 65_536) return String.fromCharCode(0x81, 126, bytes >> 8, bytes & 0xff);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  return String.fromCharCode(0x81, 127, ...length);
}
