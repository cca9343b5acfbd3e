import type { OutputStream } from "../runtime.ts";

export interface Frame {
  readonly stream: OutputStream;
  readonly content: Buffer;
  /** True for the first part of a frame. */
  readonly begins: boolean;
}

const headerBytes = 8;

/**
 * Splits the engine's multiplexed stream into pieces of standard output and error, as they come.
 *
 * A large frame is passed on in parts, so nothing is held beyond what the socket gave. The next piece is
 * read only when the last was taken, which through the socket's window holds the writer back.
 */
export async function* framesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  let stream: OutputStream = "stdout";
  let missing = 0;
  let begins = true;
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length > 0) {
      if (missing === 0) {
        if (rest.length < headerBytes) break;
        stream = rest[0] === 2 ? "stderr" : "stdout";
        missing = rest.readUInt32BE(4);
        rest = rest.subarray(headerBytes);
        begins = true;
        continue;
      }
      const content = rest.subarray(0, missing);
      rest = rest.subarray(content.length);
      missing -= content.length;
      yield { stream, content, begins };
      begins = false;
    }
  }
}
