/**
 * What can be asked for. `read-values` shows the values of secrets, `egress` gives an agent a network,
 * `report` is what a worker says of itself (busy, idle); accounts need `update` for it.
 */
export const verbs = ["get", "list", "create", "update", "delete", "read-values", "egress", "report"] as const;
export type Verb = (typeof verbs)[number];

/**
 * What can be asked about. A follower is granted by a rule that names it or the thing it belongs to.
 * `files` is all that an agent's computer holds or says: files, logs, commands.
 */
export const resources = [
  "agents",
  "responses",
  "builds",
  "files",
  "sessions",
  "messages",
  "spaces",
  "secrets",
  "service-accounts",
  "operators",
  "roles",
  "role-bindings",
] as const;
export type Resource = (typeof resources)[number];

/** Followers, each with the resource whose grants also count for it. */
export const leaderOf: ReadonlyMap<string, Resource> = new Map<Resource, Resource>([
  ["responses", "agents"],
  ["builds", "agents"],
  ["files", "agents"],
  ["messages", "sessions"],
  ["operators", "service-accounts"],
]);

/** Resources that live in no space: a rule must be of the scope `global` to reach them. */
export const spaceless: ReadonlySet<string> = new Set<Resource>([
  "spaces",
  "service-accounts",
  "operators",
  "roles",
  "role-bindings",
]);

/** True for a verb that exists, in its own spelling (`read` is spelled `get`). */
export const isVerb = (text: string): text is Verb => (verbs as readonly string[]).includes(text);

/** True for a resource that exists. */
export const isResource = (text: string): text is Resource => (resources as readonly string[]).includes(text);

/** The one spelling of a verb: documents say `read` and mean `get`. */
export const verbNamed = (text: string): string => (text === "read" ? "get" : text);
