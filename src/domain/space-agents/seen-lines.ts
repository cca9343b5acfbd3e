import type { LogLine } from "../../runtime/runtime.ts";
import type { Computer } from "../../store/generated/client/client.ts";

/** How much of a log is read again to find where it was left. */
const mostMissed = 1000;

/** Tells what a log shows again, when it is opened anew, from what is new in it. */
export class SeenLines {
  readonly #tail: number;
  #container: string | null = null;
  /** The newest moment of which lines were seen, and how many of it. */
  #last = 0;
  #atLast = 0;
  /** Lines of that moment that the reopened log has yet to repeat; `null` once it shows only what is new. */
  #repeats: number | null = null;

  /** `tail` is how many lines of what was before are wanted. */
  constructor(tail: number) {
    this.#tail = tail;
  }

  /** Call it before a computer's log is opened: how many lines of what was to ask for. */
  open({ id, generation }: Pick<Computer, "id" | "generation">): number {
    const container = `${id} ${generation}`;
    const [before, isSame] = [this.#container, this.#container === container];
    this.#container = container;
    this.#repeats = isSame ? this.#atLast : null;
    if (!isSame) [this.#last, this.#atLast] = [0, 0];
    return before === null ? this.#tail : mostMissed;
  }

  isNew({ at }: LogLine): boolean {
    const time = at.getTime();
    if (this.#repeats !== null && time < this.#last) return false;
    if (this.#repeats !== null && time === this.#last && this.#repeats-- > 0) return false;
    this.#repeats = null;
    if (time > this.#last) [this.#last, this.#atLast] = [time, 0];
    if (time === this.#last) this.#atLast += 1;
    return true;
  }
}
