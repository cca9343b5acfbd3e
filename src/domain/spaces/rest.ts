import { z } from "zod";
import { flag, jsonObject, moment } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import { settingsInWords } from "./settings.ts";

const tag = "Spaces";

const params = z.object({ name: z.string().meta({ description: "Space name" }) });

/** Selects the fields of document A, in its order. */
const fields = /* GraphQL */ `
  fragment RestSpace on Space {
    name
    description
    settings
    active
    created_at: createdAt
    updated_at: updatedAt
  }
`;

const settings = jsonObject(settingsInWords);

const Space = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    settings,
    active: z.boolean().meta({ description: "Nothing new can be started in an inactive space" }),
    created_at: moment("Creation"),
    updated_at: moment("Last change"),
  })
  .meta({ id: "Space" });

const example: z.input<typeof Space> = {
  name: "staging",
  description: "Staging environment",
  settings: { environment: "staging" },
  active: true,
  created_at: "2025-01-01T00:00:00.000Z",
  updated_at: "2025-01-01T00:00:00.000Z",
};

const reply = (differences: Partial<typeof example> = {}) =>
  ({ kind: "json", schema: Space, example: { ...example, ...differences } }) as const;

const asItIs = (space: unknown) => space;

/** Spaces (document A, "Spaces"); administrators alone make, change and delete them. */
export const spaceRoutes: readonly Route[] = [
  listRoute({
    path: "/spaces",
    tag,
    summary: "List the spaces that the caller may see, the oldest first",
    query: z.object({ active: flag("Active ones, or inactive ones").optional() }),
    document: /* GraphQL */ `
      query RestSpaces($filter: SpaceFilter, $first: Int, $offset: Int) {
        spaces(filter: $filter, first: $first, offset: $offset) { items: nodes { ...RestSpace } total: totalCount }
      }
      ${fields}
    `,
    variables: ({ query: { active } }) => ({ filter: { active } }),
    present: asItIs,
    reply: { kind: "json", schema: z.array(Space), example: [example] },
  }),
  route({
    method: "POST",
    path: "/spaces",
    tag,
    summary: "Create a space",
    body: z.object({
      name: z.string().meta({ description: 'Small letters and digits, with single "-" or "_" between; up to 63' }),
      description: z.string().optional(),
      settings: settings.optional(),
      active: z.boolean().optional(),
    }),
    bodyExample: { name: "staging", description: "Staging environment", settings: { environment: "staging" } },
    document: /* GraphQL */ `
      mutation RestCreateSpace($input: CreateSpaceInput!) {
        createSpace(input: $input) { ...RestSpace }
      }
      ${fields}
    `,
    variables: ({ body }) => ({ input: body }),
    present: asItIs,
    reply: reply(),
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/spaces/:name",
    tag,
    summary: "Get a space",
    params,
    document: /* GraphQL */ `
      query RestSpaceByName($name: ID!) {
        space(name: $name) { ...RestSpace }
      }
      ${fields}
    `,
    variables: ({ params: path }) => path,
    present: asItIs,
    reply: reply(),
  }),
  route({
    method: "PUT",
    path: "/spaces/:name",
    tag,
    summary: "Change a space; what is left out stays",
    params,
    body: z.object({
      description: z.string().optional(),
      settings: settings.optional(),
      active: z.boolean().optional(),
    }),
    bodyExample: { description: "Updated staging space" },
    document: /* GraphQL */ `
      mutation RestUpdateSpace($name: ID!, $input: UpdateSpaceInput!) {
        updateSpace(name: $name, input: $input) { ...RestSpace }
      }
      ${fields}
    `,
    variables: ({ params: path, body }) => ({ ...path, input: body }),
    present: asItIs,
    reply: reply({ description: "Updated staging space" }),
  }),
  route({
    method: "DELETE",
    path: "/spaces/:name",
    tag,
    summary: "Delete a space with everything in it; `default` must remain",
    params,
    document: /* GraphQL */ `
      mutation RestDeleteSpace($name: ID!) {
        deleteSpace(name: $name) { name }
      }
    `,
    variables: ({ params: path }) => path,
    present: () => undefined,
    reply: { kind: "empty" },
    refusals: [409],
  }),
];
