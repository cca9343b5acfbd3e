import { stripVTControlCharacters } from "node:util";
import { conflict } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Build } from "../../store/generated/client/client.ts";
import { buildStream } from "./build.ts";
import { mine } from "./claim.ts";
import { withoutCredentials } from "./source.ts";

/** How much of what builds print is kept. */
export interface LogSizes {
  readonly lines: number;
  readonly letters: number;
  readonly lettersOfLine: number;
}

const usualSizes: LogSizes = { lines: 5_000, letters: 524_288, lettersOfLine: 2_000 };
const flushMs = 250;
const batchLines = 200;

/**
 * The log of one build: lines become events of its stream, many in one, as they come. What is too long is cut, with
 * a note; what is written after the build ended or was taken over is refused.
 */
export class BuildLog {
  readonly #gateway: Gateway;
  readonly #build: Build;
  readonly #sizes: LogSizes;
  readonly #onLost: () => void;
  #waiting: string[] = [];
  #written: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #lines = 0;
  #letters = 0;

  /** `onLost` is called when the build is no longer this process's. */
  constructor(gateway: Gateway, build: Build, onLost: () => void, sizes = usualSizes) {
    this.#gateway = gateway;
    this.#build = build;
    this.#onLost = onLost;
    this.#sizes = sizes;
  }

  /** Adds what the gateway itself says. All lines but the first are moved in, so that none of them passes for a note. */
  note(text: string): void {
    for (const [place, line] of text.split(/\r?\n/).entries()) this.#push(line, place === 0 ? "" : "    ");
  }

  /** Takes what one command prints, piece by piece; `end` adds the line that had no end. */
  commandOutput(agent: string) {
    const decoder = new TextDecoder();
    let rest = "";
    const push = (line: string) => this.#push(line.slice(line.lastIndexOf("\r") + 1), `[${agent}] `);
    return {
      push: (chunk: Uint8Array) => {
        const lines = (rest + decoder.decode(chunk, { stream: true })).replaceAll("\r\n", "\n").split("\n");
        rest = (lines.pop() ?? "").slice(-this.#sizes.lettersOfLine);
        for (const line of lines) push(line);
      },
      end: () => {
        if (rest !== "") push(rest);
      },
    };
  }

  /** Resolves when everything up to now is stored; also when it is refused, for then it belongs to nobody. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length > 0) this.#written = this.#written.then(() => this.#write(lines));
    await this.#written;
  }

  #push(text: string, prefix: string): void {
    if (this.#lines > this.#sizes.lines || this.#letters > this.#sizes.letters) return;
    const line = prefix + this.#cut(withoutCredentials(plain(text)));
    this.#lines += 1;
    this.#letters += line.length;
    const isFull = this.#lines > this.#sizes.lines || this.#letters > this.#sizes.letters;
    this.#waiting.push(isFull ? "… the log is full: nothing more of it is kept" : line);
    if (this.#waiting.length >= batchLines) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), flushMs);
  }

  #cut(line: string): string {
    const { lettersOfLine } = this.#sizes;
    return line.length <= lettersOfLine ? line : `${line.slice(0, lettersOfLine).toWellFormed()} … (cut)`;
  }

  async #write(lines: readonly string[]): Promise<void> {
    const { id, spaceName } = this.#build;
    const payload = { id, spaceName, text: lines.join("\n") };
    try {
      await commit(this.#gateway, async (unit) => {
        const { count } = await unit.tx.build.updateMany({ where: mine(this.#build), data: { updatedAt: unit.at } });
        if (count === 0) throw conflict(`Build "${id}" is no longer made here`);
        await unit.emit({ stream: buildStream(id), type: "build.log", space: spaceName, payload });
      });
    } catch (error) {
      this.#gateway.log.info({ err: error, build: id }, "lines of a build's log could not be stored");
      this.#onLost();
    }
  }
}

/** What a terminal would show, as text that can be stored. */
const plain = (text: string) =>
  stripVTControlCharacters(text)
    .replace(/(?!\t)\p{Cc}/gu, "")
    .toWellFormed()
    .trimEnd();
