/** So many letters of a line; what is longer is broken. */
const longestLine = 65_536;

/** Cuts what a main process prints on one stream into lines, however it comes. */
export class Lines {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #rest = "";

  /** Takes a piece and returns the lines that are over with it. */
  push(chunk: Uint8Array): readonly string[] {
    const [first = "", ...more] = this.#decoder.decode(chunk, { stream: true }).split("\n");
    const lines = [this.#rest + first, ...more].flatMap(broken);
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  /** The line whose end has not come. */
  get rest(): string {
    return this.#rest;
  }
}

function broken(line: string): readonly string[] {
  const pieces: string[] = [];
  let from = 0;
  while (line.length - from > longestLine) {
    const splitsPair = (line.codePointAt(from + longestLine - 1) ?? 0) > 0xffff;
    const to = from + longestLine - (splitsPair ? 1 : 0);
    pieces.push(line.slice(from, to));
    from = to;
  }
  return [...pieces, line.slice(from)];
}
