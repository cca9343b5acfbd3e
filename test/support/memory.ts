import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void; // what the flag puts into every new context

/** How many bytes of buffers are still held by something in this process. */
export function heldBytes(): number {
  collectGarbage();
  collectGarbage(); // what the first has found is given back by the second at the latest
  return process.memoryUsage().arrayBuffers;
}
