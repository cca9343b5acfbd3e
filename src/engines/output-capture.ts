/** How much of one tool's output is recorded: half from its beginning, half from its end. */
export const OUTPUT_LIMIT_BYTES = 65_536;
const HALF = OUTPUT_LIMIT_BYTES / 2;

/**
 * Collects output of any length in bounded memory, as text: invalid bytes and NUL become U+FFFD, and a
 * character split over two chunks of one stream stays whole.
 */
export class OutputCapture {
  readonly #decoders = { stdout: textDecoder(), stderr: textDecoder() };
  readonly #head = new GrowingBytes();
  #room = HALF;
  readonly #tail = new GrowingBytes();
  #leftOut = 0;

  /** Takes a chunk as it came and returns its text, to be shown at once. */
  push(chunk: Uint8Array, stream: "stdout" | "stderr"): string {
    return this.add(this.#decoders[stream].decode(chunk, { stream: true }));
  }

  add(raw: string): string {
    const text = raw.replaceAll("\0", "\uFFFD");
    const bytes = Buffer.from(text);
    const kept = characterStart(bytes, Math.min(this.#room, bytes.length));
    this.#head.add(bytes.subarray(0, kept));
    this.#room = kept < bytes.length ? 0 : this.#room - kept;
    this.#addToTail(bytes.subarray(kept));
    return text;
  }

  /** Ends the streams and returns what was kept, with a note where something is left out. */
  finish(): string {
    for (const decoder of Object.values(this.#decoders)) this.add(decoder.decode());
    const tail = this.#tail.bytes;
    const cut = characterEnd(tail, Math.max(0, tail.length - HALF));
    const leftOut = this.#leftOut + cut;
    const note = leftOut > 0 ? `\n[… ${leftOut} bytes left out …]\n` : "";
    return Buffer.concat([this.#head.bytes, Buffer.from(note), tail.subarray(cut)]).toString();
  }

  #addToTail(bytes: Buffer) {
    for (let at = 0; at < bytes.length; at += HALF) {
      this.#tail.add(bytes.subarray(at, at + HALF));
      const surplus = this.#tail.bytes.length - HALF;
      // Cut rarely, so that a flood of tiny chunks costs no time.
      if (surplus < HALF) continue;
      const cut = characterEnd(this.#tail.bytes, surplus);
      this.#tail.dropFirst(cut);
      this.#leftOut += cut;
    }
  }
}

/** Bytes one after another in memory of their own: what they were cut from is let go, however small they are. */
class GrowingBytes {
  #memory = Buffer.alloc(0);
  #length = 0;

  /** They are what they are only until the next change. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#memory.length) {
      const memory = Buffer.alloc(Math.max(length, 2 * this.#memory.length));
      memory.set(this.bytes);
      this.#memory = memory;
    }
    this.#memory.set(bytes, this.#length);
    this.#length = length;
  }

  dropFirst(count: number): void {
    this.#memory.copyWithin(0, count, this.#length);
    this.#length -= count;
  }
}

/** The text within the limit, its middle left out with a note when it is longer. */
export function truncated(text: string): string {
  const capture = new OutputCapture();
  capture.add(text);
  return capture.finish();
}

const textDecoder = () => new TextDecoder("utf-8", { ignoreBOM: true });

const continues = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** The last position up to `at` where a character starts. */
function characterStart(bytes: Buffer, at: number): number {
  let position = at;
  while (continues(bytes[position])) position -= 1;
  return position;
}

/** The first position from `at` on where a character starts. */
function characterEnd(bytes: Buffer, at: number): number {
  let position = at;
  while (continues(bytes[position])) position += 1;
  return position;
}
