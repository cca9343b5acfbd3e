import { describe } from "vitest";
import type { Provider } from "../../src/store/migration-files.ts";
import { postgresql } from "../support/needs.ts";

/** Defines the same tests for SQLite and, where a server is given, for PostgreSQL. */
export function onEveryDatabase(subject: string, define: (provider: Provider) => void): void {
  describe(`${subject}, on SQLite`, () => {
    define("sqlite");
  });
  describe.skipIf(postgresql.found === null)(`${subject}, on PostgreSQL`, () => {
    define("postgresql");
  });
}
