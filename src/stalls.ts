import type { Server } from "node:http";
import type { Socket } from "node:net";

/** How often within the time a connection is looked at. */
const looks = 10;

/**
 * Calls back, once, for each connection that has taken nothing of what waits for it for `stalledMs`:
 * a reader that has stopped reading must not hold what it was to get for ever. Returns the way to stop.
 */
export function watchStalls(server: Server, stalledMs: number, onStall: (connection: Socket) => void): () => void {
  const connections = new Map<Socket, Progress>();
  const track = (connection: Socket) => {
    connections.set(connection, { taken: 0, idleLooks: 0 });
    connection.once("close", () => connections.delete(connection));
  };
  const look = () => {
    for (const [connection, progress] of connections) {
      const waiting = connection.writableLength;
      // Nearly all, nearly always; how much was written is asked of each connection's handle.
      if (waiting === 0) {
        progress.idleLooks = 0;
        continue;
      }
      const taken = connection.bytesWritten - waiting;
      progress.idleLooks = taken === progress.taken ? progress.idleLooks + 1 : 0;
      progress.taken = taken;
      if (progress.idleLooks === looks) onStall(connection);
    }
  };
  server.on("connection", track);
  const timer = setInterval(look, stalledMs / looks).unref();
  return () => {
    server.off("connection", track);
    clearInterval(timer);
  };
}

interface Progress {
  taken: number;
  idleLooks: number;
}
