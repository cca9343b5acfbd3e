import type { Duplex } from "node:stream";
import type { ExecutionResult } from "graphql";

/** What is larger is not copied for readers whose connection is full. */
const copiedBytes = 16 * 1024;

/**
 * A result as all its readers get it: the message of each differs in its beginning alone, which is written into the same
 * bytes for one reader after the other. A string for each would have to be copied twice, and thrown away.
 */
export class Payload {
  /** With the end of the message around it. */
  readonly #result: Buffer;
  /** The message as it was written last, with a head of so many bytes, unless a connection still has it. */
  #message: Buffer | null = null;
  #headBytes = 0;

  constructor(result: ExecutionResult) {
    this.#result = Buffer.from(`${JSON.stringify(result)}}`);
  }

  /** Writes the message that begins with `head`; `written` is called once it has left, or cannot. */
  write(connection: Duplex, head: Buffer, written?: () => void): void {
    if (this.#result.length > copiedBytes) return this.#writeInParts(connection, head, written);
    connection.write(this.#messageWith(head), written);
    // While anything waits there these bytes may be among it, and the next reader needs others.
    if (connection.writableLength > 0) this.#message = null;
  }

  #messageWith(head: Buffer): Buffer {
    if (this.#message === null || head.length !== this.#headBytes) {
      this.#headBytes = head.length;
      this.#message = Buffer.concat([this.#beginningWith(head), this.#result]);
    } else {
      head.copy(this.#message, this.#message.length - this.#result.length - head.length);
    }
    return this.#message;
  }

  #writeInParts(connection: Duplex, head: Buffer, written?: () => void): void {
    connection.cork();
    connection.write(this.#beginningWith(head));
    connection.write(this.#result, written);
    connection.uncork();
  }

  #beginningWith(head: Buffer): Buffer {
    return Buffer.concat([startOf(head.length + this.#result.length), head]);
  }
}

/** How a text message of so many bytes begins as RFC 6455 has it, without a mask; the bytes must follow. */
function startOf(bytes: number): Buffer {
  if (bytes < 126) return Buffer.from([0x81, bytes]);
  if (bytes < 65_536) return Buffer.from([0x81, 126, bytes >> 8, bytes & 0xff]);
  const start = Buffer.alloc(10);
  start.set([0x81, 127]);
  start.writeBigUInt64BE(BigInt(bytes), 2);
  return start;
}
