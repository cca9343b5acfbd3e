import type { Duplex } from "node:stream";
import type { ExecutionResult } from "graphql";
import type { WebSocket } from "ws";
import type { Outlet, Payload } from "./reader.ts";

/** So much may wait for a reader before it is served at its own pace. */
const roomBytes = 256 * 1024;
/** What is larger is not copied for each reader. */
const copiedBytes = 16 * 1024;

/** A result in bytes, with the end of the message around it. */
export const payloadOf = (result: ExecutionResult): Payload => Buffer.from(`${JSON.stringify(result)}}`);

/**
 * The way of results to one subscription of a socket: graphql-ws's `next` messages. They are framed here and written
 * to the connection, which between whole frames is as good as through the socket: nothing on it is compressed.
 */
export function outletOf(socket: WebSocket, connection: Duplex, id: string): Outlet {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  const write = (payload: Payload, written?: () => void) => {
    if (socket.readyState !== socket.OPEN) return written?.();
    // A failed write is followed by the close of the socket, which ends everything.
    if (payload.length <= copiedBytes) return connection.write(frameOf(head, payload), written);
    connection.cork();
    connection.write(frameOf(head, payload, head.length));
    connection.write(payload, written);
    return connection.uncork();
  };
  return {
    hasRoom: () => connection.writableLength < roomBytes,
    write: (payload) => void write(payload),
    send: (payload) => new Promise((resolve) => void write(payload, () => resolve())),
  };
}

/** One text message as RFC 6455 has it, without a mask; or its first `bytes`, after which the rest must follow. */
function frameOf(head: Buffer, payload: Buffer, bytes = head.length + payload.length): Buffer {
  const length = head.length + payload.length;
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + bytes);
  frame[0] = 0x81;
  frame[1] = start === 2 ? length : start === 4 ? 126 : 127;
  if (start === 4) frame.writeUInt16BE(length, 2);
  if (start === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  head.copy(frame, start);
  if (bytes > head.length) payload.copy(frame, start + head.length);
  return frame;
}
