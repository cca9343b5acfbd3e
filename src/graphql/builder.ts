import SchemaBuilder from "@pothos/core";
import ComplexityPlugin from "@pothos/plugin-complexity";
import PrismaPlugin from "@pothos/plugin-prisma";
import { JSONObjectResolver, JSONResolver } from "graphql-scalars";
import { badInput } from "../errors.ts";
import type PrismaTypes from "../store/generated/pothos.ts";
import { getDatamodel } from "../store/generated/pothos.ts";
import type { Context } from "./context.ts";
import { DateTime } from "./date-time.ts";

/** The one schema builder; every room adds its types and fields to it. */
export const builder = new SchemaBuilder<{
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    JSONObject: { Input: object; Output: object };
    Cursor: { Input: bigint; Output: bigint };
  };
}>({
  plugins: [PrismaPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  prisma: {
    client: ({ gateway }) => gateway.store,
    dmmf: getDatamodel(),
    exposeDescriptions: true,
    onUnusedQuery: null,
  },
  complexity: {
    defaultComplexity: 1,
    // What a list costs is declared by its `first`; a plain list is taken to be short.
    defaultListMultiplier: 5,
    // Looked at once for an operation and its sizes of pages, before anything is executed: `costCheckOf`.
    disabled: true,
  },
});

builder.addScalarType("DateTime", DateTime);
builder.addScalarType("JSON", JSONResolver);
builder.addScalarType("JSONObject", JSONObjectResolver);
builder.scalarType("Cursor", {
  description: "A place in the log of events. Opaque: hand back what you were given.",
  serialize: (id) => String(id),
  parseValue: (value) => {
    if (typeof value === "string" && /^\d{1,18}$/.test(value)) return BigInt(value);
    throw badInput("after", "A cursor must be one that the gateway gave out");
  },
});

builder.queryType({ description: "Reads. Nothing here changes anything." });
builder.mutationType({
  description: "Orders. They answer as soon as the order is stored, before the engine has acted.",
});
builder.subscriptionType({
  description: "Live: over graphql-ws and server-sent events, from any cursor, without gaps.",
});
