import type { Auth } from "../../auth/auth.ts";
import { checkPassword } from "../../auth/passwords.ts";
import { holdsAll } from "../../auth/policy.ts";
import type { LoginAttempt } from "../../auth/rate-limits.ts";
import type { IssuedToken } from "../../auth/tokens.ts";
import { badInput, GatewayError } from "../../errors.ts";
import { commit, type Committer } from "../../events/commit.ts";
import type { ServiceAccount } from "../../store/generated/client/client.ts";
import { checkText } from "../../text.ts";
import { serviceAccountEvent } from "./service-account.ts";

/** What someone says to log in, and from where. */
export interface Credentials extends LoginAttempt {
  readonly password: string;
}

/** A new token and whose it is. */
export interface Login extends IssuedToken {
  readonly user: string;
  /** `admin` when a global binding grants everything. */
  readonly role: "admin" | "user";
}

/**
 * Exchanges user name and password for a token. A hash made with older parameters is renewed on the way.
 *
 * @throws {GatewayError} UNAUTHENTICATED, in the same words and after the same work, for a wrong password, an
 *   unknown user and an inactive account; RATE_LIMITED after too many failures; BAD_USER_INPUT without a
 *   password, or for a name that no account can have.
 */
export async function login(gateway: Committer, auth: Auth, credentials: Credentials): Promise<Login> {
  const { user, password } = credentials;
  if (user === "") throw badInput("user", "A user name is needed to log in");
  checkText("user", user);
  checkPassword(password);
  const [account] = await gateway.store.sql.all<ServiceAccount>(named, [user]);
  const matches = await verifyPassword(auth, credentials, account?.active ? account.passwordHash : null);
  if (!account || !matches) throw refused();
  const { tokenEpoch: epoch } = await recordLogin(gateway, account, await renewedHash(auth, account, password));
  const issued = await auth.tokens.issue({ accountId: account.id, user, epoch });
  const principal = await auth.authenticate(issued.token);
  return { ...issued, user, role: holdsAll(principal) ? "admin" : "user" };
}

/**
 * Compares a password and counts it when it is wrong. The count is looked at again when the comparison's
 * turn comes, so that many guesses at once do no better than one after the other.
 *
 * @throws {GatewayError} RATE_LIMITED after too many failures.
 */
export async function verifyPassword(
  { passwords, limits }: Auth,
  credentials: Credentials,
  kept: string | null,
): Promise<boolean> {
  await limits.checkLogin(credentials);
  const matches = await passwords.verify(kept, credentials.password, () => limits.checkLogin(credentials));
  if (!matches) await limits.countFailedLogin(credentials);
  return matches;
}

const refused = () => new GatewayError("UNAUTHENTICATED", "User name or password is wrong");

const renewedHash = async ({ passwords }: Auth, { passwordHash }: ServiceAccount, password: string): Promise<string> =>
  passwords.isOutdated(passwordHash) ? passwords.hash(password) : passwordHash;

// By hand: many may log in at once, and everybody else waits for what each of them takes.
const named = `SELECT * FROM "ServiceAccount" WHERE "user" = ?`;
const loggedIn = `UPDATE "ServiceAccount" SET "lastLoginAt" = ?, "passwordHash" = ?
  WHERE "id" = ? AND "active" AND "passwordHash" = ? RETURNING *`;

/** Writes the login down unless the account was deactivated or got another password in the meantime. */
async function recordLogin(gateway: Committer, known: ServiceAccount, passwordHash: string): Promise<ServiceAccount> {
  const { id, user } = known;
  return commit({ ...gateway, actor: user }, async ({ sql, emit, at }) => {
    const [account] = await sql.all<ServiceAccount>(loggedIn, [at, passwordHash, id, known.passwordHash]);
    if (!account) throw refused();
    await emit(serviceAccountEvent("service-account.logged-in", account));
    return account;
  });
}
