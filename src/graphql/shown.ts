import type { ExecutionResult } from "graphql";
import type { Memory } from "../events/remember.ts";

/** What a document selects of a row. The row alone tells it, so it is the same for everybody who may see the row. */
export interface RowSelection {
  dataOf(row: object): unknown;
}

/** A row in an answer, and what is selected of it: in its place comes text that may be there already. */
export class Shown {
  readonly row: object;
  readonly selection: RowSelection;

  constructor(row: object, selection: RowSelection) {
    this.row = row;
    this.selection = selection;
  }
}

/** A result; where it `showsRows`, its rows are {@link Shown}, and what is around them are lists and objects alone. */
export interface ShowingResult extends ExecutionResult {
  readonly showsRows?: true;
}

/** Writes a result as JSON. What is shown of a row that is remembered is written once. */
export function jsonOf({ errors, data, showsRows }: ShowingResult, memory: Pick<Memory, "derive">): string {
  const some = errors && errors.length > 0 ? errors : undefined;
  if (!showsRows) return JSON.stringify({ errors: some, data });
  return `{${some ? `"errors":${JSON.stringify(some)},` : ""}"data":${jsonAround(data, memory)}}`;
}

function jsonAround(data: unknown, memory: Pick<Memory, "derive">): string {
  if (typeof data !== "object" || data === null) return JSON.stringify(data);
  if (data instanceof Shown) {
    const { row, selection } = data;
    return memory.derive(row, selection, () => JSON.stringify(selection.dataOf(row)));
  }
  if (Array.isArray(data)) return `[${data.map((one) => jsonAround(one, memory)).join(",")}]`;
  const fields = Object.entries(data).map(([key, value]) => `"${key}":${jsonAround(value, memory)}`);
  return `{${fields.join(",")}}`;
}
