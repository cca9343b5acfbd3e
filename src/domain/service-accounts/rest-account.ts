import { z } from "zod";

/** The user name of a new account; what it must match is the schema's to check. */
export const newUser = z.string().meta({ description: "1 to 128 letters, digits and `._@+-`" });

export const password = z.string().meta({ description: "1 to 1024 bytes", format: "password" });

/** The body of a change of password. */
export const passwordChange = z.object({
  current_password: password
    .meta({ description: "Needed for one's own, without the permission `service-accounts:update`" })
    .optional(),
  new_password: password,
});

export const passwordVariables = ({ current_password, new_password }: z.output<typeof passwordChange>) => ({
  currentPassword: current_password,
  newPassword: new_password,
});
