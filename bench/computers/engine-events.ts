import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type Docker from "dockerode";

/** Hears what happens to containers, so that a wait for it takes no longer than the thing itself. */
export interface EngineEvents {
  /** Resolves with the next such event of the container. */
  next(action: "pause" | "die", container: string): Promise<void>;
  stop(): void;
}

/** Listens to the engine from now on. */
export async function listen(docker: Docker): Promise<EngineEvents> {
  const filters = JSON.stringify({ type: ["container"], event: ["pause", "die"] });
  const stream = await docker.getEvents({ filters });
  const waiting = new Map<string, () => void>();
  const lines = createInterface({ input: stream });
  lines.on("line", (line) => {
    const { Action, Actor } = JSON.parse(line) as { Action: string; Actor: { Attributes: { name: string } } };
    const key = `${Action} ${Actor.Attributes.name}`;
    waiting.get(key)?.();
    waiting.delete(key);
  });
  return {
    next: (action, container) => new Promise((resolve) => waiting.set(`${action} ${container}`, resolve)),
    stop: () => {
      lines.close();
      if (stream instanceof Readable) stream.destroy();
    },
  };
}
