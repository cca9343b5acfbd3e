import { z } from "zod";

/** An answer longer than this is not taken. */
const MOST_BYTES = 1_048_576;
/** What else may come on the way of the outcome is nothing, so this is room enough. */
const ROOM_BYTES = MOST_BYTES + 4096;

/** What a launcher says came of a call: a value, a module or function that is not there, or what was raised. */
const Outcome = z.union([
  z.object({ missing: z.string() }),
  z.object({ raised: z.string(), trace: z.string() }),
  z.object({ value: z.unknown() }),
]);

/** Reads the outcome of one call out of what comes on its way: the last line that begins with the call's own word. */
export class OutcomeReader {
  readonly #nonce: string;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (!this.isTooLong) this.#chunks.push(Buffer.from(chunk));
  }

  get isTooLong(): boolean {
    return this.#bytes > ROOM_BYTES;
  }

  /** `null` when there is none. */
  outcome(): z.output<typeof Outcome> | null {
    if (this.isTooLong) return null;
    const lines = Buffer.concat(this.#chunks).toString().split("\n");
    const line = lines.findLast((each) => each.startsWith(`${this.#nonce} `));
    return line === undefined ? null : (Outcome.safeParse(parsed(line.slice(this.#nonce.length + 1))).data ?? null);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
