import type { Kind, Operation } from "./operations.ts";
import { type Caller, may, mayKnow } from "./rules.ts";
import type { Thing } from "./world.ts";

/** What the caller must be told; `MISSING` is what they are told of a thing that is not there. */
export function expected({ needs, of }: Operation, caller: Caller, { place }: Thing): string {
  if (needs === "public") return "OK";
  if (caller === "nobody" || caller === "a bad token") return "UNAUTHENTICATED";
  if (needs === "token") return "OK";
  if (needs === "account") return caller === "the worker" ? "FORBIDDEN" : "OK";
  if (place === null) return "MISSING";
  if (may(caller, needs, place)) return "OK";
  if (of === "nothing") return "FORBIDDEN";
  return mayKnow(caller, needs, resourceOf[of], place) ? "FORBIDDEN" : "MISSING";
}

/** What permissions call a thing of each kind. */
const resourceOf: Readonly<Record<Kind, string>> = {
  agent: "agents",
  response: "responses",
  session: "sessions",
  spaceAgent: "agents",
  build: "builds",
  secret: "secrets",
  space: "spaces",
  role: "roles",
  binding: "role-bindings",
  account: "service-accounts",
  nothing: "nothing",
};
