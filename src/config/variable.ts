import type { z } from "zod";

/** What one environment variable is for; `--help` prints it and errors quote it. */
export interface Described {
  readonly schema: z.ZodType;
  readonly allowed: string;
  readonly why: string;
}

export const variable = <T extends z.ZodType>(schema: T, allowed: string, why: string) =>
  ({ schema, allowed, why }) satisfies Described;
