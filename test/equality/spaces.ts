import * as fc from "fast-check";
import { aPage, aSpaceName, asSnake, aText, define, listOf, nothing, optional, withOwn } from "./operation.ts";

const fields = "name description settings active createdAt updatedAt";
const shown = withOwn("settings");
const pathOf = (name: string) => `/spaces/${encodeURIComponent(name)}`;

const mostlyActive = fc.constantFrom(true, true, true, true, false);

const someSettings = fc.constantFrom(
  { own: { camelCase: 1 } },
  { engine: "external" },
  { engine: "none" },
  { idleTimeoutSeconds: 0 },
);

/** What can be done with spaces and their secrets. */
export const spaceOperations = [
  fc.record({ name: aSpaceName, description: optional(aText), active: optional(mostlyActive) }).map((input) =>
    define({
      name: "create a space",
      rest: ["POST", "/spaces", input],
      graphql: [`mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { ${fields} } }`, { input }],
      shown,
    }),
  ),
  fc
    .record({
      name: aSpaceName,
      input: fc.record({
        description: optional(aText),
        active: optional(mostlyActive),
        settings: optional(someSettings),
      }),
    })
    .map(({ name, input }) =>
      define({
        name: "update a space",
        rest: ["PUT", pathOf(name), input],
        graphql: [
          `mutation ($name: ID!, $input: UpdateSpaceInput!) { updateSpace(name: $name, input: $input) { ${fields} } }`,
          { name, input },
        ],
        shown,
      }),
    ),
  aSpaceName.map((name) =>
    define({
      name: "get a space",
      rest: ["GET", pathOf(name)],
      graphql: [`query ($name: ID!) { space(name: $name) { ${fields} } }`, { name }],
      shown,
    }),
  ),
  aSpaceName.map((name) =>
    define({
      name: "delete a space",
      rest: ["DELETE", pathOf(name)],
      graphql: [`mutation ($name: ID!) { deleteSpace(name: $name) { name } }`, { name }],
      shown: nothing,
    }),
  ),
  aPage.map(({ first, offset }) =>
    define({
      name: "list spaces",
      rest: ["GET", `/spaces?limit=${first}&offset=${offset}`],
      graphql: [
        `query ($first: Int, $offset: Int) { spaces(first: $first, offset: $offset) { nodes { ${fields} } } }`,
        { first, offset },
      ],
      shown: listOf(shown),
    }),
  ),
];

const secretFields = "space keyName: key description createdAt updatedAt createdBy";
const aKey = fc.constantFrom("TOKEN", "OTHER", "1bad");

/** What can be done with the secrets of spaces. */
export const secretOperations = [
  fc.record({ space: aSpaceName, key: aKey, value: aText, description: optional(aText) }).map(({ key, ...more }) => {
    const { space, ...body } = more;
    return define({
      name: "create a secret",
      rest: ["POST", `${pathOf(space)}/secrets`, { key_name: key, ...body }],
      graphql: [
        `mutation ($input: SecretInput!) { createSecret(input: $input) { ${secretFields} } }`,
        { input: { key, ...more } },
      ],
      shown: asSnake,
    });
  }),
  fc
    .record({ space: aSpaceName, key: aKey, input: fc.record({ value: optional(aText) }) })
    .map(({ space, key, input }) =>
      define({
        name: "update a secret",
        rest: ["PUT", `${pathOf(space)}/secrets/${key}`, input],
        graphql: [
          `mutation ($space: ID!, $key: ID!, $input: UpdateSecretInput!) {
          updateSecret(space: $space, key: $key, input: $input) { ${secretFields} }
        }`,
          { space, key, input },
        ],
        shown: asSnake,
      }),
    ),
  fc.record({ space: aSpaceName, key: aKey }).map(({ space, key }) =>
    define({
      name: "delete a secret",
      rest: ["DELETE", `${pathOf(space)}/secrets/${key}`],
      graphql: [`mutation ($space: ID!, $key: ID!) { deleteSecret(space: $space, key: $key) { key } }`, { space, key }],
      shown: nothing,
    }),
  ),
];
