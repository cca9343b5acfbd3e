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
export function outletOf(socket: WebSocket, connection: Duplex, id: string): Outlet {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`).toString("latin1");
  const write = (payload: Payload, written?: () => void) => {
    if (socket.readyState !== socket.OPEN) return written?.();
    const start = startOf(head.length + payload.length) + head;
    // A failed write is followed by the close of the socket, which ends everything.
    // Node copies what is small straight to the system when it is a string; a buffer would have to be made first.
    if (typeof payload === "string") return connection.write(start + payload, "latin1", written);
    connection.cork();
    connection.write(start, "latin1");
    connection.write(payload, written);
    return connection.uncork();
  };
  return {
    hasRoom: () => connection.writableLength < roomBytes,
    write: (payload) => void write(payload),
    send: (payload) => new Promise((resolve) => void write(payload, () => resolve())),
  };
}

/** How a text message of so many bytes begins as RFC 6455 has it, without a mask; the bytes must follow. */
function startOf(bytes: number): string {
  if (bytes < 126) return String.fromCharCode(0x81, bytes);
  if (bytes < 65_536) return String.fromCharCode(0x81, 126, bytes >> 8, bytes & 0xff);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  return String.fromCharCode(0x81, 127, ...length);
}
