import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Payload } from "./payload.ts";
import type { Outlet } from "./reader.ts";

/** So much may wait for a reader before it is served at its own pace. */
const roomBytes = 256 * 1024;

/**
 * The way of results to one subscription of a socket: graphql-ws's `next` messages. They are framed here and written
 * to the connection, which between whole frames is as good as through the socket: nothing on it is compressed.
 */
export class SocketOutlet implements Outlet {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  /** What stands before the result. */
  readonly #head: Buffer;

  constructor(socket: WebSocket, connection: Duplex, id: string) {
    this.#socket = socket;
    this.#connection = connection;
    this.#head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
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
    // A failed write is followed by the close of the socket, which ends everything.
    if (this.#socket.readyState === this.#socket.OPEN) payload.write(this.#connection, this.#head, written);
    else written?.();
  }
}
