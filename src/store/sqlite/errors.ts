import { DriverAdapterError, type MappedError } from "@prisma/driver-adapter-utils";
import Database from "better-sqlite3";

/** SQLite's numbers for the primary codes that say something about the machine rather than the query. */
const primaryCodes: Readonly<Record<string, number>> = {
  SQLITE_ERROR: 1,
  SQLITE_PERM: 3,
  SQLITE_LOCKED: 6,
  SQLITE_NOMEM: 7,
  SQLITE_READONLY: 8,
  SQLITE_INTERRUPT: 9,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_TOOBIG: 18,
  SQLITE_CONSTRAINT: 19,
  SQLITE_NOTADB: 26,
};

/** Puts an error of the driver into the words Prisma knows (P2002, P2003 …); anything else stays as it is. */
export function toAdapterError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code, message } = error;
  return new DriverAdapterError({ originalCode: code, originalMessage: message, ...mapError(code, message) });
}

function mapError(code: string, message: string): MappedError {
  switch (code) {
    case "SQLITE_CONSTRAINT_UNIQUE":
    case "SQLITE_CONSTRAINT_PRIMARYKEY":
    case "SQLITE_CONSTRAINT_ROWID":
      return { kind: "UniqueConstraintViolation", ...violated(message) };
    case "SQLITE_CONSTRAINT_NOTNULL": {
      const { constraint } = violated(message);
      return { kind: "NullConstraintViolation", ...(constraint && { constraint }) };
    }
    case "SQLITE_CONSTRAINT_FOREIGNKEY":
    case "SQLITE_CONSTRAINT_TRIGGER":
      return { kind: "ForeignKeyConstraintViolation", constraint: { foreignKey: {} } };
    default:
      return code.startsWith("SQLITE_BUSY") ? { kind: "SocketTimeout" } : mapMessage(code, message);
  }
}

function mapMessage(code: string, message: string): MappedError {
  const table = /^no such table: (.+)/.exec(message)?.[1];
  if (table) return { kind: "TableDoesNotExist", table };
  const column = /^no such column: (.+)/.exec(message)?.[1] ?? /has no column named (.+)/.exec(message)?.[1];
  if (column) return { kind: "ColumnNotFound", column };
  return { kind: "sqlite", extendedCode: primaryCode(code), message };
}

const primaryCode = (code: string) => primaryCodes[code.split("_", 2).join("_")] ?? 1;

/** Reads `UNIQUE constraint failed: Agent.space, Agent.name` or `… failed: index 'agent_name'`. */
function violated(message: string) {
  const subject = message.split("constraint failed: ")[1];
  if (!subject) return {};
  const index = /^index '(.+)'$/.exec(subject)?.[1];
  if (index) return { constraint: { index } };
  const columns = subject.split(", ");
  const fields = columns.map((column) => column.slice(column.lastIndexOf(".") + 1));
  const table = columns[0]?.split(".").slice(0, -1).join(".");
  return { constraint: { fields }, ...(table && { table }) };
}
