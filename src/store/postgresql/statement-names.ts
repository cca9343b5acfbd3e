import type { SqlQuery } from "@prisma/driver-adapter-utils";

/**
 * Names statements so that PostgreSQL plans each of them once per connection.
 *
 * Only the first `most` texts get a name: the server never forgets a named statement while its connection
 * lasts, and lists of varying length make new texts without end.
 */
export function nameStatements(most = 1000): (query: SqlQuery) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= most) return known ?? "";
    const name = `s${names.size}`;
    names.set(sql, name);
    return name;
  };
}
