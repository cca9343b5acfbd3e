import type { Reaction } from "../../events/commit.ts";
import { lockAdministrators } from "../service-accounts/administrators.ts";
import { removeBindings } from "./service.ts";

/** A role takes its bindings along, unless the last administrator would go with them. */
export const roleBindingReactions: readonly Reaction[] = [
  {
    to: ["role.deleted"],
    async react(unit, { payload }) {
      await lockAdministrators(unit.tx);
      const { name: roleName } = payload as { name: string }; // written by deleteRole
      await removeBindings(unit, await unit.tx.roleBinding.findMany({ where: { roleName } }));
    },
  },
];
