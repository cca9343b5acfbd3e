import { lexicographicSortSchema, printSchema } from "graphql";
import { schema } from "./schema.ts";

/** The schema as text, sorted, so that a change of it shows as a change of nothing else. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;
