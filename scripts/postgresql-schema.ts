/** The folder of everything generated, from the root of the project. */
export const generatedFolder = "src/store/generated";

/**
 * Derives the PostgreSQL twin of the models: the same models behind another datasource, and one generator,
 * whose client the store uses where `DATABASE_URL` names a PostgreSQL database.
 */
export function postgresqlSchema(schema: string): string {
  const withoutHead = schema.replaceAll(/^(generator|datasource) \w+ \{\n(?:.*\n)*?\}\n/gm, "");
  if (withoutHead === schema) throw new Error("prisma/schema.prisma has no generator or datasource to replace");
  return `${head}\n${withoutHead.replace(/^(\/\/ .*\n)+/, "").trimStart()}`;
}

const head = `// Derived from prisma/schema.prisma by scripts/generate.ts; edit that one.

generator client {
  provider            = "prisma-client"
  output              = "./postgresql"
  runtime             = "nodejs"
  moduleFormat        = "esm"
  importFileExtension = "ts"
  compilerBuild       = "small"
}

datasource db {
  provider = "postgresql"
}
`;
