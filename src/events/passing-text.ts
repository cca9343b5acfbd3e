import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Json } from "../json.ts";
import type { Delta } from "./event.ts";
import { longestNotice } from "./notices.ts";

/** Passing text with its place in the log: it was shown when the event of this number was the newest. */
export interface Passing extends Delta {
  readonly place: bigint;
}

/** Room for the numbers before a piece. */
const longestPiece = longestNotice - 60;
const senders = 100;

const passingSchema = z.object({
  place: z.string().transform(BigInt),
  stream: z.string(),
  delta: z.record(z.string(), z.custom<Json>()),
});

const pieceOfNotice = /^(?<number>\d+) (?<at>\d+) (?<of>\d+) (?<text>.*)$/s;

/** Makes notices of passing text, as many as its length takes. No two are the same. */
export function createNoticeWriter(): (passing: Passing) => string[] {
  let number = 0;
  return ({ place, stream, delta }) => {
    const text = inAscii(JSON.stringify({ place: String(place), stream, delta }));
    const of = Math.ceil(text.length / longestPiece);
    number += 1;
    return Array.from(
      { length: of },
      (_, at) => `${number} ${at} ${of} ${text.slice(at * longestPiece, (at + 1) * longestPiece)}`,
    );
  };
}

/** Puts the notices of each sender together again; answers passing text with its last notice, if none was lost. */
export function createNoticeReader(): (notice: string, sender: number) => Passing | null {
  const begun = new LRUCache<number, { readonly number: string; readonly pieces: string[] }>({ max: senders });
  return (notice, sender) => {
    const { number = "", at = "", of = "", text = "" } = pieceOfNotice.exec(notice)?.groups ?? {};
    if (at === "0") begun.set(sender, { number, pieces: [] });
    const current = begun.get(sender);
    if (current?.number !== number || current.pieces.length !== Number(at)) return null;
    current.pieces.push(text);
    return current.pieces.length === Number(of) ? passingSchema.parse(JSON.parse(current.pieces.join(""))) : null;
  };
}

/** The same JSON with a byte for each letter. */
const inAscii = (json: string) =>
  json.replaceAll(/[\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
