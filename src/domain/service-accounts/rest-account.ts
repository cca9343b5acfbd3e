import { z } from "zod";
import { type Route, route } from "../../rest/route.ts";

/** The user name of a new account; what it must match is the schema's to check. */
export const newUser = z.string().meta({ description: "1 to 128 letters, digits and `._@+-`" });

export const password = z.string().meta({ description: "1 to 1024 bytes", format: "password" });

const passwordChange = z.object({
  current_password: password
    .meta({ description: "Needed for one's own, without the permission `service-accounts:update`" })
    .optional(),
  new_password: password,
});

const passwordVariables = ({ current_password, new_password }: z.output<typeof passwordChange>) => ({
  currentPassword: current_password,
  newPassword: new_password,
});

/** How a document spells an account: A as a service account by its id, C as an operator by its name. */
interface Spelling {
  /** With the parameter that says which. */
  readonly path: `/${string}/:${"id" | "name"}`;
  readonly params: z.ZodObject;
  readonly tag: string;
  readonly noun: "ServiceAccount" | "Operator";
}

/** What both documents do with one account in the same way: delete it, and change its password. */
export function routesOfOne({ path, params, tag, noun }: Spelling): readonly Route[] {
  const account = (input: { readonly params: object }) => ({ account: Object.values(input.params)[0] as string }); // the only one
  const reply = { kind: "empty" } as const;
  const name = noun === "Operator" ? "operator" : "service account";
  return [
    route({
      method: "DELETE",
      path,
      tag,
      summary: `Delete the ${name} with its role bindings`,
      params,
      document: /* GraphQL */ `
        mutation RestDelete${noun}($account: ID!) {
          deleteServiceAccount(id: $account) { id }
        }
      `,
      variables: account,
      present: () => undefined,
      reply,
      refusals: [409],
    }),
    route({
      method: "PUT",
      path: `${path}/password`,
      tag,
      summary: `Change a password, which ends all tokens of the ${name}`,
      params,
      body: passwordChange,
      bodyExample: { current_password: "old-password", new_password: "new-secure-password" },
      document: /* GraphQL */ `
        mutation RestChange${noun}Password($account: ID!, $currentPassword: String, $newPassword: String!) {
          changePassword(id: $account, currentPassword: $currentPassword, newPassword: $newPassword) { id }
        }
      `,
      variables: (input) => ({ ...account(input), ...passwordVariables(input.body) }),
      present: () => undefined,
      reply,
      refusals: [409],
    }),
  ];
}
