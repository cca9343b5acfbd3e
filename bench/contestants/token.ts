import { createSecretKey } from "node:crypto";
import { jwtVerify } from "jose";

/** Who calls, as everybody but the gateway sees it: a good token is an administrator's. */
export interface Caller {
  readonly user: string;
}

interface Known extends Caller {
  readonly expiresMs: number;
}

const key = createSecretKey(Buffer.from(process.env["RAWORC_JWT_SECRET"] ?? ""));
const known = new Map<string, Known>();

/**
 * The caller of an `Authorization` header; verified once, then remembered until the token expires.
 *
 * @throws {Error} when the token is not good.
 */
export async function callerOf(authorization: string | undefined): Promise<Caller> {
  const header = authorization ?? "";
  const before = known.get(header);
  if (before && before.expiresMs > Date.now()) return before;
  const { payload } = await jwtVerify(header.replace(/^Bearer /, ""), key, { issuer: "raworc-gateway" });
  const caller = { user: String(payload["user"]), expiresMs: (payload.exp ?? 0) * 1000 };
  known.set(header, caller);
  return caller;
}

/** Whether the caller may see what somebody made: administrators see all. */
export const maySee = ({ user }: Caller, createdBy: string): boolean => user === "admin" || user === createdBy;
