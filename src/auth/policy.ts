import { leaderOf, type Resource, spaceless, type Verb } from "./permissions.ts";
import type { AccountPrincipal, Principal, WorkerPrincipal } from "./principal.ts";
import { type Grant, grantsOf, type Rule } from "./rules.ts";

/** The thing somebody wants to do something with, or the place where it is to be made or listed. */
export interface Target {
  /** For a space, its own name; `null` for what lives in no space. */
  readonly space: string | null;
  /** The id of the account that made the agent or session; for a follower, of what it follows. */
  readonly ownerId?: string | null;
  /** The agent that the thing is or belongs to; workers reach things only by it. */
  readonly agentId?: string;
  /** What `resourceNames` compares: an agent's name, a secret's key; for a follower, of what it follows. */
  readonly name?: string;
  readonly published?: boolean;
}

/** `forbid`: the caller may know of the thing (403). `hide`: it must look missing (404). */
export type Decision = "allow" | "forbid" | "hide";

/**
 * Says whether a caller may do something (`null` is a caller without a token).
 *
 * What may be asked only of a place, not of a thing (`create`, `list`), and what is asked on top of another
 * permission (`egress`, `read-values`) is hidden only from those who may not know the space.
 */
export function decide(principal: Principal | null, verb: Verb, resource: Resource, target: Target): Decision {
  if (isAllowed(principal, verb, resource, target)) return "allow";
  return mayKnow(principal, verb, resource, target) ? "forbid" : "hide";
}

/** Whether `decide` would say `allow`. */
export function isAllowed(principal: Principal | null, verb: Verb, resource: Resource, target: Target): boolean {
  if (verb === "get" && resource === "agents" && target.published === true) return true;
  if (principal === null) return false;
  if (principal.kind === "worker") return workerMay(principal, verb, resource, target);
  if (isOwn(principal, verb, resource, target)) return true;
  if (resource === "spaces") return mayWithSpace(principal, verb, target);
  return isGranted(principal.grants, verb, resource, target);
}

/** Whether grants alone allow it, to whomever they were given: what they made is not counted. */
export const isGranted = (grants: readonly Grant[], verb: Verb, resource: Resource, target: Target): boolean =>
  grants.some((grant) => allows(grant, verb, resource, target));

/**
 * The spaces whose things of this kind the caller may see in a list. What the caller made, and what a rule
 * names one by one, is not counted: lists add the caller's own things themselves.
 */
export function visibleSpaces(principal: Principal | null, verb: Verb, resource: Resource): "all" | readonly string[] {
  if (principal?.kind !== "account") return [];
  const spaces = new Set(resource === "spaces" ? principal.spaces : []);
  for (const grant of principal.grants) {
    if (grant.names || !mentions(grant, verb, resource)) continue;
    if (grant.space !== null) spaces.add(grant.space);
    else if (grant.scope === "global" || !spaceless.has(resource)) return "all";
  }
  return isOutsideOfSpaces(resource) ? [] : [...spaces];
}

/** True for an administrator: a global binding grants everything. */
export const holdsAll = (principal: Principal | null): boolean =>
  principal?.kind === "account" && principal.grants.some(grantsAll);

/** True for a grant of everything, everywhere. */
export const grantsAll = ({ space, scope, names, resources, verbs }: Grant): boolean =>
  space === null && scope === "global" && !names && resources.includes("*") && verbs.includes("*");

/** Whether the caller holds all that `rules` would grant when bound in `space`: nobody gives what they do not have. */
export const covers = (principal: Principal | null, rules: readonly Rule[], space: string | null): boolean =>
  coversGrants(principal, grantsOf(rules, space));

/** Whether the caller holds every one of these grants, each part of one by a single grant of the caller's own. */
export function coversGrants(principal: Principal | null, wanted: readonly Grant[]): boolean {
  if (principal?.kind !== "account") return wanted.length === 0;
  return wanted.every((grant) =>
    singleGrants(grant).every((one) => principal.grants.some((held) => contains(held, one))),
  );
}

const defaultSpace = "default"; // always there, so its existence is nobody's secret
const askedOfPlace: ReadonlySet<Verb> = new Set(["create", "list", "egress", "read-values"]);
const partsOfOneThing: ReadonlySet<Resource> = new Set(["responses", "files", "messages"]);

function mayKnow(principal: Principal | null, verb: Verb, resource: Resource, target: Target): boolean {
  if (principal?.kind === "worker") return false; // all it may know of is what it may do
  if (!askedOfPlace.has(verb)) return isAllowed(principal, "get", resource, target);
  const leader = leaderOf.get(resource);
  if (leader && partsOfOneThing.has(resource)) return isAllowed(principal, "get", leader, target);
  return principal !== null && mayKnowPlace(principal, resource, target);
}

function mayKnowPlace(principal: AccountPrincipal, resource: Resource, { space }: Target): boolean {
  if (spaceless.has(resource) || space === null || space === defaultSpace) return true;
  return principal.grants.some((grant) => grant.space === null) || mayWithSpace(principal, "get", { space });
}

function workerMay({ agentId }: WorkerPrincipal, verb: Verb, resource: Resource, target: Target): boolean {
  if (target.agentId !== agentId) return false;
  if (resource === "agents") return verb === "report";
  return resource === "responses" && (verb === "get" || verb === "list" || verb === "update");
}

/** Who made an agent or a session may do all with it, but opens no network for it without being granted that. */
function isOwn({ id }: AccountPrincipal, verb: Verb, resource: Resource, { ownerId }: Target): boolean {
  if (ownerId !== id) return false;
  if (partsOfOneThing.has(resource)) return true;
  return (resource === "agents" || resource === "sessions") && !askedOfPlace.has(verb);
}

const partsOf = { agents: ["responses", "files"], sessions: ["messages", "files"] } as const;

/**
 * What an account holds by having made agents or sessions in a space, as grants. They are of all such things there, for
 * no grant tells one's own from others'.
 */
export const grantsOfMaker = (made: keyof typeof partsOf, space: string): Grant[] => [
  { resources: [made], verbs: ["get", "update", "delete"], scope: "space", space },
  { resources: partsOf[made], verbs: ["get", "list", "create", "update", "delete"], scope: "space", space },
];

/** A binding in a space shows the space; only administrators make, change and delete spaces. */
function mayWithSpace(principal: AccountPrincipal, verb: Verb, target: Target): boolean {
  if (verb !== "get" && verb !== "list") return holdsAll(principal);
  if (target.space !== null && principal.spaces.includes(target.space)) return true;
  return isGranted(principal.grants, verb, "spaces", target);
}

const allows = (grant: Grant, verb: Verb, resource: Resource, target: Target): boolean =>
  reaches(grant, resource, target) &&
  mentions(grant, verb, resource) &&
  (!grant.names || (target.name !== undefined && grant.names.includes(target.name)));

const isOutsideOfSpaces = (resource: Resource): boolean => spaceless.has(resource) && resource !== "spaces";

function reaches({ space, scope }: Grant, resource: Resource, target: Target): boolean {
  if (space === null) return scope === "global" || !spaceless.has(resource);
  return space === target.space && !isOutsideOfSpaces(resource);
}

const mentions = ({ verbs, resources }: Grant, verb: Verb, resource: Resource): boolean =>
  hasWord(verbs, verb === "report" ? "update" : verb) && hasResource(resources, resource);

const hasWord = (words: readonly string[], word: string): boolean => words.includes(word) || words.includes("*");

function hasResource(named: readonly string[], resource: string): boolean {
  const leader = leaderOf.get(resource);
  return hasWord(named, resource) || (leader !== undefined && named.includes(leader));
}

interface SingleGrant extends Pick<Grant, "scope" | "space"> {
  readonly resource: string;
  readonly verb: string;
  readonly name: string | null;
}

const singleGrants = ({ resources, verbs, names, scope, space }: Grant): SingleGrant[] =>
  resources.flatMap((resource) =>
    verbs.flatMap((verb) => (names ?? [null]).map((name) => ({ resource, verb, name, scope, space }))),
  );

/** In one space a rule's scope makes no difference: there neither scope reaches what is outside. */
function contains(held: Grant, { resource, verb, name, scope, space }: SingleGrant): boolean {
  if (held.space !== null && held.space !== space) return false;
  if (space === null && scope === "global" && held.scope !== "global") return false;
  if (held.names && (name === null || !held.names.includes(name))) return false;
  return hasWord(held.verbs, verb) && hasResource(held.resources, resource);
}
