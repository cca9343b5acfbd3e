import { z } from "zod";
import { HttpError } from "../../rest/refusal.ts";
import { type Route, route } from "../../rest/route.ts";
import type { Health } from "./health.ts";

const tag = "System";

/** Health and version (document A; document C, "Version"). */
export const systemRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/health",
    tag,
    access: "public",
    summary: "Whether database and container engine answer; 503 with what was found when one does not",
    document: /* GraphQL */ `
      query RestHealth {
        health { ok checks { name ok message } }
      }
    `,
    present: ({ ok, checks }: Health) => {
      if (ok) return "OK";
      const away = checks.filter((check) => !check.ok).map(({ name }) => name);
      throw new HttpError("UNAVAILABLE", `Away: ${away.join(", ")}`, { body: { status: "unavailable", checks } });
    },
    reply: { kind: "text", example: "OK" },
    refusals: [503],
  }),
  route({
    method: "GET",
    path: "/version",
    tag,
    access: "public",
    summary: "The version of the server and of its API",
    document: /* GraphQL */ `
      query RestVersion {
        version { version api }
      }
    `,
    present: (version: unknown) => version,
    reply: {
      kind: "json",
      schema: z
        .object({
          version: z.string().meta({ description: "Semantic version of the server" }),
          api: z.string().meta({ description: "Namespace of the API" }),
        })
        .meta({ id: "Version" }),
      example: { version: "0.1.0", api: "v0" },
    },
  }),
];
