/** How much of one tool's output is recorded: half from its beginning, half from its end. */
export const OUTPUT_LIMIT_BYTES = 65_536;
const HALF = OUTPUT_LIMIT_BYTES / 2;

/**
 * Collects output of any length in bounded memory, as text: invalid bytes and NUL become U+FFFD, and a
 * character split over two chunks of one stream stays whole.
 */
export class OutputCapture {
  readonly #decoders = { stdout: textDecoder(), stderr: textDecoder() };
  readonly #head: Buffer[] = [];
  #room = HALF;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #leftOut = 0;

  /** Takes a chunk as it came and returns its text, to be shown at once. */
  push(chunk: Uint8Array, stream: "stdout" | "stderr"): string {
    return this.add(this.#decoders[stream].decode(chunk, { stream: true }));
  }

  add(raw: string): string {
    const text = raw.replaceAll("\0", "\uFFFD");
    const bytes = Buffer.from(text);
    const kept = characterStart(bytes, Math.min(this.#room, bytes.length));
    this.#head.push(bytes.subarray(0, kept));
    this.#room = kept < bytes.length ? 0 : this.#room - kept;
    this.#addToTail(bytes.subarray(kept));
    return text;
  }

  /** Ends the streams and returns what was kept, with a note where something is left out. */
  finish(): string {
    for (const decoder of Object.values(this.#decoders)) this.add(decoder.decode());
    const tail = Buffer.concat(this.#tail);
    const cut = characterEnd(tail, Math.max(0, tail.length - HALF));
    const leftOut = this.#leftOut + cut;
    const note = leftOut > 0 ? `\n[… ${leftOut} bytes left out …]\n` : "";
    return Buffer.concat([...this.#head, Buffer.from(note), tail.subarray(cut)]).toString();
  }

  #addToTail(bytes: Buffer) {
    if (bytes.length === 0) return;
    this.#tail.push(bytes);
    this.#tailBytes += bytes.length;
    if (this.#tailBytes < 4 * HALF) return;
    // Cut rarely and to one buffer, so that a flood of tiny chunks costs neither time nor memory.
    const tail = Buffer.concat(this.#tail);
    const cut = characterEnd(tail, tail.length - HALF);
    this.#tail = [Buffer.from(tail.subarray(cut))];
    this.#tailBytes = tail.length - cut;
    this.#leftOut += cut;
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
