import type { Socket } from "node:net";
import type { Server as Protocol } from "graphql-ws";
import type { Logger } from "pino";
import type { WebSocket } from "ws";

/** Closed with it, graphql-ws clients connect anew and go on from their cursors. */
export const tryAgainLater = 1013;
const internalError = 4500;
const normalClosure = 1000;

/** How often in the time between two pings is looked whether something was written: then it is known to half of it when. */
const looksPerPing = 2;
/** Pings are spared where something else is written, but a peer is asked at least this often whether it is there. */
const pingsPerQuestion = 4;

/** What one socket may cost. */
export interface SocketLimits {
  /** No socket is silent for longer, and a peer that leaves a ping unanswered for so long is gone. */
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
  let looksSinceAsked = 0;
  let looksSilent = 0;
  socket.on("pong", () => {
    answered = true;
  });
  const look = () => {
    looksSinceAsked += 1;
    if (!answered && looksSinceAsked >= looksPerPing) return socket.terminate();
    const isBusy = connection.bytesWritten !== written;
    looksSilent = isBusy ? 1 : looksSilent + 1; // it may have been written just after the last look
    if (looksSilent >= looksPerPing || looksSinceAsked >= looksPerPing * pingsPerQuestion) {
      answered = false;
      looksSinceAsked = 0;
      looksSilent = 0;
      socket.ping();
    }
    written = connection.bytesWritten;
  };
  const timer = setInterval(look, pingMs / looksPerPing);
  return () => clearInterval(timer);
}
