import { asPayload } from "../../events/append.ts";
import type { NewEvent } from "../../events/event.ts";
import { badInput } from "../../errors.ts";
import type { ServiceAccount } from "../../store/generated/client/client.ts";

/** What happened to an account. A login changes `lastLoginAt`, and nothing of what the account may do. */
export type ServiceAccountEventType =
  | "service-account.created"
  | "service-account.changed"
  | "service-account.logged-in"
  | "service-account.deleted";

const userPattern = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The event of a change; it never carries the password's hash. */
export function serviceAccountEvent(type: ServiceAccountEventType, account: ServiceAccount): NewEvent {
  const { passwordHash: _hash, tokenEpoch: _epoch, ...shown } = account;
  return { stream: `service-account:${account.id}`, type, payload: asPayload(shown) };
}

/**
 * Checks a name to log in with. It can be mistaken neither for an account's id nor for a worker (`agent:NAME`).
 *
 * @throws {GatewayError} BAD_USER_INPUT saying what is allowed.
 */
export function checkUser(user: string): void {
  if (userPattern.test(user) && !uuidPattern.test(user)) return;
  throw badInput(
    "user",
    "A user name has 1 to 128 letters, digits or . _ @ + -, starts with a letter or digit and is no UUID",
  );
}

/** How to find an account by its id or, just as well, by its user name. */
export const byIdOrUser = (idOrUser: string): { id: string } | { user: string } =>
  uuidPattern.test(idOrUser) ? { id: idOrUser.toLowerCase() } : { user: idOrUser };
