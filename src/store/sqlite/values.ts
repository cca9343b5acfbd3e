import { type ArgType, type ColumnType, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import type { SqlValue } from "../sql.ts";

const typesByName: Readonly<Record<string, ColumnType>> = {
  BIGINT: ColumnTypeEnum.Int64,
  BLOB: ColumnTypeEnum.Bytes,
  BOOLEAN: ColumnTypeEnum.Boolean,
  DATE: ColumnTypeEnum.Date,
  DATETIME: ColumnTypeEnum.DateTime,
  DECIMAL: ColumnTypeEnum.Numeric,
  DOUBLE: ColumnTypeEnum.Double,
  FLOAT: ColumnTypeEnum.Float,
  INT: ColumnTypeEnum.Int32,
  INTEGER: ColumnTypeEnum.Int32,
  JSONB: ColumnTypeEnum.Json,
  NUMERIC: ColumnTypeEnum.Double,
  REAL: ColumnTypeEnum.Double,
  TEXT: ColumnTypeEnum.Text,
  TIMESTAMP: ColumnTypeEnum.DateTime,
  VARCHAR: ColumnTypeEnum.Text,
};

/** The type a column was declared with; `null` for expressions, whose type only a value can tell. */
export const declaredType = (name: string | null): ColumnType | null =>
  name === null ? null : (typesByName[name.toUpperCase()] ?? null);

/** The type of an expression, by its first value that is not null. */
export function inferredType(rows: readonly (readonly unknown[])[], column: number): ColumnType {
  const known = rows.find((row) => row[column] !== null);
  return known ? typeOfValue(known[column]) : ColumnTypeEnum.Int32;
}

function typeOfValue(value: unknown): ColumnType {
  if (typeof value === "string") return ColumnTypeEnum.Text;
  if (typeof value === "bigint") return ColumnTypeEnum.Int64;
  return typeof value === "number" ? ColumnTypeEnum.UnknownNumber : ColumnTypeEnum.Bytes;
}

/** What Prisma expects for a value that SQLite stored. */
export function fromStored(value: unknown, type: ColumnType): unknown {
  if (typeof value !== "bigint" && typeof value !== "number") return value;
  if (type === ColumnTypeEnum.DateTime) return new Date(Number(value)).toISOString();
  if (typeof value === "bigint") return fromInteger(value);
  return type === ColumnTypeEnum.Int32 || type === ColumnTypeEnum.Int64 ? Math.trunc(value) : value;
}

function fromInteger(value: bigint) {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value.toString();
}

/** What SQLite can bind for an argument of Prisma. Dates become ISO 8601 text, which sorts like the dates. */
export function toStored(argument: unknown, type: ArgType | undefined): unknown {
  if (typeof argument === "boolean") return argument ? 1 : 0;
  if (argument instanceof Date) return toTimestamp(argument);
  return typeof argument === "string" ? parseText(argument, type) : argument;
}

function parseText(text: string, type: ArgType | undefined): unknown {
  switch (type?.scalarType) {
    case "int":
      return Number.parseInt(text, 10);
    case "bigint":
      return BigInt(text);
    case "float":
    case "decimal":
      return Number.parseFloat(text);
    case "datetime":
      return toTimestamp(new Date(text));
    case "bytes":
      return Buffer.from(text, "base64");
    default:
      return text;
  }
}

const toTimestamp = (date: Date) => date.toISOString().replace("Z", "+00:00");

/** What SQLite can bind for a value of a statement written by hand; it is stored as Prisma would store it. */
export function fromValue(value: SqlValue): unknown {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "object" || value === null) return value;
  return value instanceof Date ? toTimestamp(value) : JSON.stringify(value);
}

/** A stored value as Prisma's client gives it. */
export function toValue(stored: unknown, type: ColumnType | null): unknown {
  if (typeof stored === "bigint") return toWhole(stored, type);
  if (typeof stored !== "string") return stored;
  if (type === ColumnTypeEnum.DateTime) return new Date(stored);
  return type === ColumnTypeEnum.Json ? JSON.parse(stored) : stored;
}

function toWhole(stored: bigint, type: ColumnType | null): unknown {
  if (type === ColumnTypeEnum.Int64) return stored;
  if (type === ColumnTypeEnum.Boolean) return stored !== 0n;
  return type === ColumnTypeEnum.DateTime ? new Date(Number(stored)) : Number(stored);
}
