/**
 * Who may do what, as the REST contract says it ("Who may do what"): written down by hand, so that the policy
 * is held against it and not against itself.
 */

/** Everybody who can call. `reader` may only read in one space, `overseer` may only read, but everywhere. */
export const callers = [
  "nobody",
  "a bad token",
  "a stranger",
  "the developer",
  "the operator",
  "the reader",
  "the overseer",
  "the owner",
  "the worker",
  "the administrator",
] as const;
export type Caller = (typeof callers)[number];

/** Where a thing is. The roles of developer, operator and reader are bound in `home`. */
export type Space = "home" | "away" | null;

/** What is known of a thing that is there: the worker's token is for the agent in `home`. */
export interface Place {
  readonly space: Space;
  readonly madeByOwner?: boolean;
  readonly published?: boolean;
  readonly ofWorkersAgent?: boolean;
}

/** `resource:verb` */
export type Permission = `${string}:${string}`;

const verbsOf = (resource: string, ...verbs: readonly string[]) => verbs.map((verb) => `${resource}:${verb}`);
const reading = (...resources: readonly string[]) => resources.flatMap((one) => verbsOf(one, "get", "list"));
const usual = ["create", "get", "update", "list"] as const;

/** What each holds in `home`. A binding in a space shows the space. */
const heldAtHome: Partial<Record<Caller, readonly string[]>> = {
  "the developer": [...verbsOf("sessions", ...usual), ...verbsOf("agents", ...usual), ...reading("secrets", "spaces")],
  "the operator": [
    ...["sessions", "agents", "secrets"].flatMap((resource) => verbsOf(resource, ...usual, "delete")),
    ...reading("spaces"),
  ],
  "the reader": reading("sessions", "agents", "secrets", "spaces"),
};

/** What belongs to an agent or a session is granted with it. */
const leaders: Readonly<Record<string, string>> = {
  responses: "agents",
  files: "agents",
  builds: "agents",
  messages: "sessions",
};
const partsOfThings = new Set(["responses", "files", "messages"]);
const worker = new Set(["responses:get", "responses:list", "responses:update", "agents:report"]);

/** Whether the caller may do this with a thing that is there. */
export function may(caller: Caller, permission: Permission, place: Place): boolean {
  const [resource = "", verb = ""] = permission.split(":");
  if (permission === "agents:get" && place.published) return true;
  if (permission === "agents:remix") return mayRemix(caller, place);
  if (permission === "sessions:remix") {
    const isOwn = caller === "the owner" && place.madeByOwner;
    return isOwn || (may(caller, "sessions:get", place) && may(caller, "sessions:create", place));
  }
  switch (caller) {
    case "nobody":
    case "a bad token":
    case "a stranger":
      return false;
    case "the administrator":
      return true;
    case "the overseer":
      return verb === "get" || verb === "list";
    case "the worker":
      return place.ofWorkersAgent === true && worker.has(permission);
    case "the owner":
      return isOwn(caller, place) && isOwners(resource, verb);
    default:
      return place.space === "home" && holds(heldAtHome[caller] ?? [], resource, verb);
  }
}

/** A published agent may be remixed by all who logged in, one's own by oneself, others by who makes agents there. */
const mayRemix = (caller: Caller, place: Place): boolean =>
  !["nobody", "a bad token", "the worker"].includes(caller) &&
  may(caller, "agents:get", place) &&
  (place.published === true || isOwn(caller, place) || may(caller, "agents:create", place));

const isOwn = (caller: Caller, { madeByOwner }: Place): boolean => caller === "the owner" && madeByOwner === true;

/** Who made a thing may do all with it; making and listing others, and a network for it, is not that. */
const isOwners = (resource: string, verb: string): boolean =>
  partsOfThings.has(resource) ||
  (["agents", "sessions"].includes(resource) && !["create", "list", "egress"].includes(verb));

function holds(held: readonly string[], resource: string, verb: string): boolean {
  const word = verb === "report" ? "update" : verb;
  const leader = leaders[resource];
  return held.includes(`${resource}:${word}`) || (leader !== undefined && held.includes(`${leader}:${word}`));
}

/** What is asked of a space, not of a thing in it. */
const askedOfSpace = new Set(["create", "list", "egress", "read-values"]);

/** Whether a caller who may not do this may know of what it is about; `thing` is what a permission calls that. */
export function mayKnow(caller: Caller, permission: Permission, thing: string, place: Place): boolean {
  const verb = permission.replace(/.*:/, "");
  if (caller === "the worker" && thing === "responses") return false; // all it knows of is what it may do
  if (thing !== "spaces" && thing !== "secrets") return may(caller, `${thing}:get`, place);
  if (!askedOfSpace.has(verb)) return may(caller, `${thing}:get`, place);
  return may(caller, "spaces:get", place);
}
