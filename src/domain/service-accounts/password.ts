import type { Auth } from "../../auth/auth.ts";
import { checkPassword } from "../../auth/passwords.ts";
import { coversGrants, decide } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { conflict, GatewayError, notFound } from "../../errors.ts";
import { commit, type Committer } from "../../events/commit.ts";
import type { ServiceAccount } from "../../store/generated/client/client.ts";
import { holdingsOf } from "./administrators.ts";
import { verifyPassword } from "./login.ts";
import { byIdOrUser, serviceAccountEvent } from "./service-account.ts";

/** What a change of password needs. */
export interface PasswordChange {
  /** Needed, and compared, where callers change their own without `service-accounts:update`; compared if given. */
  readonly currentPassword: string | null;
  readonly newPassword: string;
}

/**
 * Gives an account another password and ends all its tokens.
 *
 * Callers change their own with the current password; others' with `service-accounts:update`, unless the
 * account holds what the caller does not (who could log in as it, would hold it too): by its roles, or by having made
 * agents and sessions.
 *
 * @throws {GatewayError} NOT_FOUND or FORBIDDEN as the policy says; UNAUTHENTICATED for a wrong current password;
 *   RATE_LIMITED after too many wrong ones; CONFLICT when the password was changed at the same time.
 */
export async function changePassword(
  gateway: Committer,
  auth: Auth,
  caller: Principal,
  idOrUser: string,
  { currentPassword, newPassword }: PasswordChange,
): Promise<ServiceAccount> {
  checkPassword(newPassword, "newPassword");
  const account = await gateway.store.serviceAccount.findUnique({ where: byIdOrUser(idOrUser) });
  if (!account) throw notFound("Service account", idOrUser);
  if (await mustProve(gateway, caller, { account, called: idOrUser }, currentPassword))
    await prove(auth, account, currentPassword);
  const changed = await replaceHash(gateway, account, await auth.passwords.hash(newPassword));
  if (!changed) throw conflict(`The password of "${account.user}" was changed at the same time; try again`);
  return changed;
}

/** Whether the caller must know the current password. */
async function mustProve(
  { store }: Committer,
  caller: Principal,
  { account, called }: { readonly account: ServiceAccount; readonly called: string },
  given: string | null,
): Promise<boolean> {
  const decision = decide(caller, "update", "service-accounts", { space: null, name: account.user });
  const own = caller.kind === "account" && caller.id === account.id;
  if (own) return given !== null || decision !== "allow";
  if (decision === "hide") throw notFound("Service account", called); // in the words for one that is missing
  const allowed = decision === "allow" && coversGrants(caller, await holdingsOf(store, account));
  if (!allowed) throw new GatewayError("FORBIDDEN", `You may not change the password of "${account.user}"`);
  return false;
}

async function prove(auth: Auth, { user, passwordHash }: ServiceAccount, password: string | null): Promise<void> {
  const right = await verifyPassword(auth, { user, address: null, password: password ?? "" }, passwordHash);
  if (!right) throw new GatewayError("UNAUTHENTICATED", "The current password is wrong");
}

/** Keeps another password's hash and ends all the account's tokens; `null` when it keeps another by now than was known. */
export async function replaceHash(
  gateway: Committer,
  known: ServiceAccount,
  passwordHash: string,
): Promise<ServiceAccount | null> {
  const { id } = known;
  return commit(gateway, async ({ tx, emit, at }) => {
    const { count } = await tx.serviceAccount.updateMany({
      where: { id, passwordHash: known.passwordHash },
      data: { passwordHash, tokenEpoch: { increment: 1 }, updatedAt: at },
    });
    if (count === 0) return null;
    const account = await tx.serviceAccount.findUniqueOrThrow({ where: { id } });
    await emit(serviceAccountEvent("service-account.changed", account));
    return account;
  });
}
