import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** What came at once, and when. */
export interface Noted {
  readonly atMs: number;
  readonly bytes: Buffer;
}

/** A text message, and when the last of it came. */
export interface Message {
  readonly atMs: number;
  readonly text: string;
}

const opcodes = { text: 1, ping: 9, pong: 10 } as const;
const last = 0x80;
const masked = 0x80;
const readBytes = 65_536;

/**
 * A WebSocket of which it is noted when bytes come and nothing else is done, but for answering pings: who takes every
 * message apart at once needs longer for it than a server to send it.
 *
 * @throws {Error} when the server refuses.
 */
export async function openNoted(url: string, protocol: string, note: (noted: Noted) => void): Promise<Socket> {
  const { hostname, port, host, pathname } = new URL(url);
  const { promise: upgraded, resolve, reject } = Promise.withResolvers<void>();
  let take = (bytes: Buffer) => {
    const answer = bytes.toString("latin1");
    if (!answer.startsWith("HTTP/1.1 101 ") || !answer.endsWith("\r\n\r\n")) reject(new Error(`${url}: ${answer}`));
    take = (noted) => {
      note({ atMs: performance.timeOrigin + performance.now(), bytes: Buffer.from(noted) });
      if (isPing(noted)) send(socket, "", opcodes.pong);
    };
    resolve();
  };
  // All is read into one buffer, which spares a new one for each read.
  const callback = (count: number, buffer: Uint8Array) => {
    take(Buffer.from(buffer.buffer, buffer.byteOffset, count));
    return true;
  };
  const onread = { buffer: Buffer.alloc(readBytes), callback };
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
  socket.on("error", reject);
  const key = randomBytes(16).toString("base64");
  const asked = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
  ];
  socket.write(`${asked.join("\r\n")}\r\n\r\n`);
  await upgraded;
  return socket;
}

/** A ping comes by itself or after something else. */
const isPing = (bytes: Buffer) => bytes[0] === (last | opcodes.ping) || bytes.at(-2) === (last | opcodes.ping);

/** Sends a short message. The mask that clients must send is zero, which leaves the bytes as they are. */
export function send(socket: Socket, text: string, opcode: number = opcodes.text): void {
  const bytes = Buffer.from(text);
  const length = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 0xff];
  const [first = 0, ...more] = length;
  socket.write(Buffer.concat([Buffer.from([last | opcode, masked | first, ...more, 0, 0, 0, 0]), bytes]));
}

/** The text messages that are whole in what was noted, in order. */
export function messagesIn(noted: readonly Noted[]): readonly Message[] {
  const all = Buffer.concat(noted.map(({ bytes }) => bytes));
  const messages: Message[] = [];
  let [chunk, arrived] = [0, noted[0]?.bytes.length ?? 0];
  for (let start = 0; start < all.length; ) {
    const { from, to } = frameAt(all, start);
    if (to > all.length) break;
    while (arrived < to) arrived += noted[++chunk]?.bytes.length ?? 0;
    const isText = ((all[start] ?? 0) & 0xf) === opcodes.text;
    if (isText) messages.push({ atMs: noted[chunk]?.atMs ?? Number.NaN, text: all.toString("utf8", from, to) });
    start = to;
  }
  return messages;
}

/** Where the content of a frame begins and ends, as RFC 6455 has it without a mask. */
function frameAt(bytes: Buffer, start: number): { readonly from: number; readonly to: number } {
  const short = bytes[start + 1] ?? 0;
  const [from, length] =
    short < 126
      ? [start + 2, short]
      : short === 126
        ? [start + 4, bytes.readUInt16BE(start + 2)]
        : [start + 10, Number(bytes.readBigUInt64BE(start + 2))];
  return { from, to: from + length };
}
