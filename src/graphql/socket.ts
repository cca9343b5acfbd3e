import type { Socket } from "node:net";
import type { Server as Protocol } from "graphql-ws";
import type { Logger } from "pino";
import type { WebSocket } from "ws";

/** Closed with it, graphql-ws clients connect anew and go on from their cursors. */
export const tryAgainLater = 1013;
const internalError = 4500;
const normalClosure = 1000;

/** So many pings in a row may be left out where something else was written: no proxy takes such a connection for idle. */
const pingsSpared = 3;

/** What one socket may cost. */
export interface SocketLimits {
  /** A quiet socket is pinged so often, and a peer that leaves a ping unanswered for so long is gone. */
  readonly pingMs: number;
  /** So much may wait for one reader. */
  readonly waitingBytes: number;
}

/** Whoever is at the other end. */
interface Closable {
  readonly connection: Pick<Socket, "bytesWritten">;
  readonly close: (code: number, reason: string) => void;
}

/** Lets one WebSocket speak graphql-ws, until it closes. Messages wait for their reader, at most `waitingBytes` of them. */
export function speak<Peer extends Closable>(
  protocol: Protocol<Peer>,
  socket: WebSocket,
  peer: Peer,
  log: Logger,
  { pingMs, waitingBytes }: SocketLimits,
): void {
  const send = (text: string) =>
    new Promise<void>((resolve) => {
      if (socket.readyState !== socket.OPEN) return resolve();
      // What is sent is only taken off the sequence once the one before has left, so this much is a misuse.
      if (socket.bufferedAmount > waitingBytes) peer.close(tryAgainLater, "Too much waits for this reader");
      // A failed write is followed by the close of the socket, which ends everything.
      return socket.send(text, () => resolve());
    });
  const fail = (error: unknown) => {
    log.error({ err: error }, "an unexpected error on a socket");
    peer.close(internalError, "Internal error");
  };
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send,
      close: (code = normalClosure, reason = "") => peer.close(code, reason),
      onMessage: (receive) => socket.on("message", (data: Buffer) => void receive(data.toString()).catch(fail)),
    },
    peer,
  );
  const stopPinging = ping(socket, peer.connection, pingMs);
  socket.on("error", (error) => log.debug({ err: error }, "a socket broke"));
  socket.once("close", (code, reason) => {
    stopPinging();
    closed(code, String(reason)).catch(fail);
  });
}

function ping(socket: WebSocket, connection: Closable["connection"], pingMs: number): () => void {
  let answered = true;
  let written = 0;
  let spared = 0;
  socket.on("pong", () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    const isBusy = connection.bytesWritten !== written;
    spared = isBusy && spared < pingsSpared ? spared + 1 : 0;
    if (spared === 0) {
      answered = false;
      socket.ping();
    }
    written = connection.bytesWritten;
  }, pingMs);
  return () => clearInterval(timer);
}
