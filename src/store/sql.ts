/** What a statement is given: objects are stored as JSON, everything else as the column's type. */
export type SqlValue = string | number | bigint | boolean | Date | object | null;

/**
 * Statements written by hand, for the few that run with every change: they cost a tenth of what a client that makes
 * them from a description does. They are the same on both databases: `?` stands for a value whose type a column or a
 * CAST tells, and columns come back as the client gives them (dates, JSON, bigint). A number that is no column, such as
 * a count, needs a CAST to INTEGER.
 */
export interface Sql {
  /** Runs a statement and answers its rows. */
  all<Row>(text: string, values: readonly SqlValue[]): Promise<Row[]>;
  /** Runs a statement and answers how many rows it changed. */
  run(text: string, values: readonly SqlValue[]): Promise<number>;
}

/** A statement for each number of rows of so many columns; its text is made once, from places such as `(?, ?), (?, ?)`. */
export function forRows(columns: number, textOf: (places: string) => string): (rows: number) => string {
  const row = `(${Array.from({ length: columns }, () => "?").join(", ")})`;
  const texts = new Map<number, string>();
  return (rows) => {
    const known = texts.get(rows);
    if (known !== undefined) return known;
    const made = textOf(Array.from({ length: rows }, () => row).join(", "));
    texts.set(rows, made);
    return made;
  };
}
