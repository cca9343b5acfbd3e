import type { Resource } from "../../auth/permissions.ts";
import { holdsAll, visibleSpaces } from "../../auth/policy.ts";
import type { AccountPrincipal, Principal } from "../../auth/principal.ts";
import type { PartOf } from "../../events/event.ts";
import type { EventFilter } from "../../events/read.ts";

/** Who may see the events of one kind of stream: whoever may list all of these in the event's space. */
interface Rule {
  /** What stands before the colon of the stream's name. */
  readonly kind: string;
  readonly partOf?: PartOf;
  readonly mustList: readonly Resource[];
}

/** One line for every kind of stream; administrators alone see what has none. */
export const eventRules: readonly Rule[] = [
  { kind: "agent", mustList: ["agents"] },
  { kind: "response", partOf: "agents", mustList: ["responses"] },
  { kind: "response", partOf: "sessions", mustList: ["messages"] },
  { kind: "session", mustList: ["sessions"] },
  { kind: "message", mustList: ["messages"] },
  // A computer's events do not say whose it is: an agent's, a session's or a space agent's.
  { kind: "computer", mustList: ["agents", "sessions"] },
  { kind: "space", mustList: ["spaces"] },
  { kind: "secret", mustList: ["secrets"] },
  { kind: "space-agent", mustList: ["agents"] },
  { kind: "build", mustList: ["builds"] },
  { kind: "service-account", mustList: ["service-accounts"] },
  { kind: "role", mustList: ["roles"] },
  { kind: "role-binding", mustList: ["role-bindings"] },
];

/**
 * The events that the caller may see, as a filter of the log: everything for administrators; for others what is
 * about things they may list, and about the agents and sessions they made.
 */
export function visibleEvents(principal: Principal): EventFilter {
  if (principal.kind !== "account") return { anyOf: [] };
  if (holdsAll(principal)) return {};
  return { anyOf: [...eventRules.flatMap((rule) => filterOf(principal, rule)), { ownerId: principal.id }] };
}

function filterOf(principal: AccountPrincipal, { kind, partOf, mustList }: Rule): readonly EventFilter[] {
  const listed = mustList.map((resource) => visibleSpaces(principal, "list", resource));
  const limited = listed.filter((spaces) => spaces !== "all");
  const ofKind = { streamPrefix: `${kind}:`, ...(partOf ? { partOf } : {}) };
  if (limited.length === 0) return [ofKind];
  const spaces = limited.reduce((both, more) => both.filter((space) => more.includes(space)));
  return spaces.length === 0 ? [] : [{ ...ofKind, spaces }];
}
