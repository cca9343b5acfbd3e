import { readdir, readFile } from "node:fs/promises";
import { availableParallelism, constants, setPriority } from "node:os";

const threads = "/proc/self/task";
/** What libuv calls the threads on which passwords are hashed, files read and names looked up. */
const libuvName = "libuv-worker";

/**
 * Lets the thread that answers requests go before those that compute for it, where both want the same processor. On Linux
 * only, where each thread has a priority of its own, and not where there is one processor, of which nothing would be left
 * for them.
 *
 * @throws {Error} where threads cannot be seen or changed; all works without it.
 */
export async function letRequestsGoFirst(): Promise<void> {
  if (process.platform !== "linux" || availableParallelism() === 1) return;
  const ids = await readdir(threads); // libuv starts its threads for this at the latest
  await Promise.all(ids.map(letOthersGoFirst));
}

async function letOthersGoFirst(id: string): Promise<void> {
  const name = await readFile(`${threads}/${id}/comm`, "utf8").catch(() => ""); // it may have ended
  if (name.trim() === libuvName) setPriority(Number(id), constants.priority.PRIORITY_LOW);
}
