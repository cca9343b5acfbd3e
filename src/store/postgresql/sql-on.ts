import type { PrismaClient } from "../generated/postgresql/client.ts";
import type { Sql, SqlValue } from "../sql.ts";

type Client = Pick<PrismaClient, "$queryRawUnsafe" | "$executeRawUnsafe">;

/** Statements written by hand, by way of a client or of one inside a transaction. */
export const sqlOn = (client: Client): Sql => ({
  all: <Row>(text: string, values: readonly SqlValue[]) =>
    client.$queryRawUnsafe<Row[]>(numbered(text), ...values.map(fromValue)),
  run: (text, values) => client.$executeRawUnsafe(numbered(text), ...values.map(fromValue)),
});

const numberedTexts = new Map<string, string>();

/** The text with `$1`, `$2` … for the places of values; the server takes each one's type from its column. */
function numbered(text: string): string {
  const known = numberedTexts.get(text);
  if (known !== undefined) return known;
  let places = 0;
  const made = text.replaceAll("?", () => `$${++places}`);
  numberedTexts.set(text, made);
  return made;
}

const fromValue = (value: SqlValue): unknown =>
  typeof value === "object" && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value;
