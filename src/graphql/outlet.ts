import type { ExecutionResult } from "graphql";
import type { WebSocket } from "ws";
import type { Outlet, Payload } from "./reader.ts";

/** So much may wait for a reader before it is served at its own pace. */
const roomBytes = 256 * 1024;

/** A result in bytes, with the end of the message around it. */
export const payloadOf = (result: ExecutionResult): Payload => Buffer.from(`${JSON.stringify(result)}}`);

/** The way of results to one subscription of a socket: graphql-ws's `next` messages. */
export function outletOf(socket: WebSocket, id: string): Outlet {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  const messageOf = (payload: Payload) => Buffer.concat([head, payload]);
  return {
    hasRoom: () => socket.bufferedAmount < roomBytes,
    write(payload) {
      if (socket.readyState === socket.OPEN) socket.send(messageOf(payload), { binary: false });
    },
    send: (payload) =>
      new Promise<void>((resolve) => {
        if (socket.readyState !== socket.OPEN) return resolve();
        // A failed write is followed by the close of the socket, which ends everything.
        return socket.send(messageOf(payload), { binary: false }, () => resolve());
      }),
  };
}
