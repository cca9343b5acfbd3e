import { stripVTControlCharacters } from "node:util";
import { createLogUpdate } from "log-update";
import picocolors from "picocolors";
import wrapAnsi from "wrap-ansi";

/** Where the demo is drawn. */
export interface Screen {
  readonly colors: ReturnType<typeof picocolors.createColors>;
  /** Prints a text for good. Its lines are kept within the terminal and bear the mark, a bar on every line. */
  print(text: string, mark?: string): void;
  /** Shows that something is going on for as long as `work` takes, then what came of it and how long it took. */
  during<T>(doing: string, work: (passing: Passing) => Promise<T>, done: (result: T) => string): Promise<T>;
}

/** What stands on the screen only while something goes on; without a terminal it is left out. */
export interface Passing {
  /** Says anew what is going on. */
  doing(text: string): void;
  /** Shows the end of a text below it. */
  show(text: string): void;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;
/** How much of what passes is shown. */
const passingLines = 6;

/**
 * Draws on a terminal; elsewhere it prints plain lines without escape codes. When `signal` aborts, what goes on is
 * abandoned with the signal's reason, and nothing more is printed.
 */
export function createScreen(stream: NodeJS.WriteStream, signal?: AbortSignal): Screen {
  const isTerminal = stream.isTTY;
  const colors = picocolors.createColors(isTerminal && picocolors.isColorSupported);
  const columns = () => (isTerminal ? stream.columns : Number.POSITIVE_INFINITY);
  const spinner = isTerminal ? createSpinner(stream, colors) : silent;
  const print: Screen["print"] = (text, mark = "") => {
    if (!signal?.aborted) spinner.aside(() => stream.write(`${withMark(text, mark, columns())}\n`));
  };

  return {
    colors,
    print,
    async during(doing, work, done) {
      const startedAt = performance.now();
      spinner.start(doing);
      try {
        const result = await Promise.race([work(spinner), ...(signal ? [abortOf(signal)] : [])]);
        spinner.stop();
        print(`${done(result)} ${colors.dim(`(${secondsSince(startedAt)})`)}`, colors.green("✔ "));
        return result;
      } catch (error) {
        spinner.stop();
        print(doing, colors.red("✖ "));
        throw error;
      }
    },
  };
}

const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

interface Spinner extends Passing {
  start(doing: string): void;
  stop(): void;
  /** Makes room for something else to be written. */
  aside(write: () => void): void;
}

const silent: Spinner = { doing() {}, show() {}, start() {}, stop() {}, aside: (write) => write() };

function createSpinner(stream: NodeJS.WriteStream, colors: Screen["colors"]): Spinner {
  const update = createLogUpdate(stream);
  let timer: NodeJS.Timeout | undefined;
  let now = { doing: "", passing: "", startedAt: 0, frame: 0 };
  const draw = () => {
    const mark = colors.cyan(`${frames[now.frame++ % frames.length]} `);
    const title = withMark(`${now.doing} ${colors.dim(secondsSince(now.startedAt))}`, mark, stream.columns);
    const tail = withMark(now.passing, colors.dim("  │ "), stream.columns).split("\n").slice(-passingLines);
    update([title, ...(now.passing === "" ? [] : tail)].join("\n"));
  };
  return {
    start(doing) {
      now = { doing, passing: "", startedAt: performance.now(), frame: 0 };
      timer = setInterval(draw, frameMs);
      draw();
    },
    doing: (doing) => void (now.doing = doing),
    show: (text) => void (now.passing = plain(text)),
    stop() {
      clearInterval(timer);
      timer = undefined;
      update.clear();
      update.done();
    },
    aside(write) {
      if (timer) update.clear();
      write();
      if (timer) draw();
    },
  };
}

/** A text of others without anything that could move the cursor or change the terminal. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll("\t", "  ")
    .replaceAll(/[^\P{Cc}\n]/gu, "")
    .trimEnd();

function withMark(text: string, mark: string, columns: number): string {
  const width = stripVTControlCharacters(mark).length;
  const lines = wrapAnsi(text, Math.max(10, columns - width), { hard: true, trim: false }).split("\n");
  const later = mark.includes("│") ? mark : " ".repeat(width);
  return lines.map((line, place) => `${place === 0 ? mark : later}${line}`).join("\n");
}

function secondsSince(startedAt: number): string {
  const seconds = (performance.now() - startedAt) / 1000;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}
