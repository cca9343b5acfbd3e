import { z } from "zod";
import { flag, moment } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import { defaultSpace } from "../spaces/space.ts";

const key = { key: z.string().meta({ description: "Secret key name" }) };

/** Selects the fields of document A, in its order. */
const fields = /* GraphQL */ `
  fragment RestSecret on Secret {
    space
    key_name: key
    value
    description
    created_at: createdAt
    updated_at: updatedAt
    created_by: createdBy
  }
`;

interface SecretData {
  readonly space: string;
  readonly key_name: string;
  readonly value: string | null;
}

/** A value that is not shown leaves no key behind. */
const present = ({ space, key_name, value, ...rest }: SecretData) => ({
  space,
  key_name,
  ...(value === null ? {} : { value }),
  ...rest,
});

const Secret = z
  .object({
    space: z.string(),
    key_name: z.string().meta({ pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$" }),
    value: z.string().meta({ description: "Only with `show_values=true`" }).optional(),
    description: z.string().nullable(),
    created_at: moment("Creation"),
    updated_at: moment("Last change"),
    created_by: z.string().nullable(),
  })
  .meta({ id: "Secret" });

const example: z.input<typeof Secret> = {
  space: defaultSpace,
  key_name: "ANTHROPIC_API_KEY",
  description: "Claude API key",
  created_at: "2025-01-01T00:00:00.000Z",
  updated_at: "2025-01-01T00:00:00.000Z",
  created_by: "admin",
};

const reply = (differences: Partial<typeof example> = {}) =>
  ({ kind: "json", schema: Secret, example: { ...example, ...differences } }) as const;

const show = { show_values: flag("With values; needs the permission `secrets:read-values`").optional() };

/** Where the secrets of a space stand: below its name, or at `/secrets` with the space in the query. */
interface Place {
  readonly path: `/${string}`;
  readonly tag: string;
  /** Goes into the documents' names, which are unique. */
  readonly title: string;
  readonly params: { readonly name?: z.ZodString };
  readonly query: { readonly space?: z.ZodDefault<z.ZodString> };
}

/** What was sent, read by the schemas of either place. */
interface Named {
  readonly params: { readonly name?: unknown; readonly key?: unknown };
  readonly query: { readonly space?: unknown };
}

const spaceOf = ({ params, query }: Named) => params.name ?? query.space;
const placeOf = (input: Named) => ({ space: spaceOf(input), key: input.params.key });

const routesOfAll = ({ path, tag, title, params, query }: Place): readonly Route[] => {
  const common = { path, tag, params: z.object(params), query: z.object(query) };
  return [
    listRoute({
      ...common,
      summary: "List a space's secrets, the oldest first",
      query: z.object({ ...query, ...show }),
      document: /* GraphQL */ `
        query Rest${title}s($space: ID!, $show: Boolean, $first: Int, $offset: Int) {
          secrets(space: $space, showValues: $show, first: $first, offset: $offset) {
            items: nodes { ...RestSecret }
            total: totalCount
          }
        }
        ${fields}
      `,
      variables: (input) => ({ space: spaceOf(input), show: input.query.show_values }),
      present,
      reply: { kind: "json", schema: z.array(Secret), example: [example] },
      refusals: [409],
    }),
    route({
      ...common,
      method: "POST",
      summary: "Create a secret",
      body: z.object({
        key_name: z.string().meta({ description: "The environment variable" }),
        value: z.string().meta({ description: "64 KiB at the most" }),
        description: z.string().optional(),
      }),
      bodyExample: { key_name: "ANTHROPIC_API_KEY", value: "sk-ant-your-actual-key", description: "Claude API key" },
      document: /* GraphQL */ `
        mutation RestCreate${title}($input: SecretInput!) {
          createSecret(input: $input) { ...RestSecret }
        }
        ${fields}
      `,
      variables: (input) => {
        const { key_name, ...rest } = input.body;
        return { input: { ...rest, key: key_name, space: spaceOf(input) } };
      },
      present,
      reply: reply(),
      refusals: [409],
    }),
  ];
};

const routesOfOne = ({ path, tag, title, params, query }: Place): readonly Route[] => {
  const common = {
    path: `${path}/:key`,
    tag,
    params: z.object({ ...params, ...key }),
    query: z.object(query),
  } as const;
  return [
    route({
      ...common,
      method: "GET",
      summary: "Get a secret",
      query: z.object({ ...query, ...show }),
      document: /* GraphQL */ `
        query Rest${title}($space: ID!, $key: ID!, $show: Boolean) {
          secret(space: $space, key: $key, showValue: $show) { ...RestSecret }
        }
        ${fields}
      `,
      variables: (input) => ({ ...placeOf(input), show: input.query.show_values }),
      present,
      reply: reply({ value: "sk-ant-your-actual-key" }),
      refusals: [409],
    }),
    route({
      ...common,
      method: "PUT",
      summary: "Change the value or the description of a secret",
      body: z.object({ value: z.string().optional(), description: z.string().optional() }),
      bodyExample: { value: "new-secret-value", description: "Updated description" },
      document: /* GraphQL */ `
        mutation RestUpdate${title}($space: ID!, $key: ID!, $input: UpdateSecretInput!) {
          updateSecret(space: $space, key: $key, input: $input) { ...RestSecret }
        }
        ${fields}
      `,
      variables: (input) => ({ ...placeOf(input), input: input.body }),
      present,
      reply: reply({ description: "Updated description" }),
    }),
    route({
      ...common,
      method: "DELETE",
      summary: "Delete a secret",
      document: /* GraphQL */ `
        mutation RestDelete${title}($space: ID!, $key: ID!) {
          deleteSecret(space: $space, key: $key) { key }
        }
      `,
      variables: placeOf,
      present: () => undefined,
      reply: { kind: "empty" },
    }),
  ];
};

const routesAt = (place: Place): readonly Route[] => [...routesOfAll(place), ...routesOfOne(place)];

/** The secrets of a space (document A, "Space Secrets"). */
export const spaceSecretRoutes = routesAt({
  path: "/spaces/:name/secrets",
  tag: "Space secrets",
  title: "SpaceSecret",
  params: { name: z.string().meta({ description: "Space name" }) },
  query: {},
});

/** The same for the default space, or for the one in the query (document B, "Secrets"). */
export const secretRoutes = routesAt({
  path: "/secrets",
  tag: "Secrets",
  title: "Secret",
  params: {},
  query: { space: z.string().default(defaultSpace).meta({ description: "Space name" }) },
});
