/**
 * Who may import whom (design: "Layout"). Paths are relative to the project; `from` and `to` match files.
 * A file that matches `except` is free of the rule.
 */
export interface Layer {
  readonly promise: string;
  readonly from: RegExp;
  readonly to: RegExp;
  readonly except?: RegExp;
}

export const layers: readonly Layer[] = [
  {
    promise: "the trunk knows no room, except where rooms are gathered: wiring, schema, routes",
    from: /^src\/(?!domain\/)/,
    to: /^src\/domain\//,
    except: /^src\/(main|start|graphql\/schema|rest\/routes)\.ts$/,
  },
  {
    promise: "only the computers room knows which runtime there is",
    from: /^src\/(?!runtime\/|domain\/computers\/)/,
    to: /^src\/runtime\/(docker|process|memory)\//,
  },
  {
    promise: "a runtime does not know the others",
    from: /^src\/runtime\/docker\//,
    to: /^src\/runtime\/(process|memory)\//,
  },
  {
    promise: "a runtime knows nothing of the store, the events and the API",
    from: /^src\/runtime\//,
    to: /^src\/(store|events|graphql|rest|auth|engines)\//,
  },
  {
    promise: "an engine is handed what it needs: it knows no store, no event log and no runtime",
    from: /^src\/engines\//,
    to: /^src\/(store|events|graphql|rest|auth|runtime)\//,
  },
  {
    promise: "the ways in depend on the rooms' services, never the other way: services know no HTTP",
    from: /^src\/(store|events|runtime|engines|reconcile|auth)\//,
    to: /^src\/(graphql|rest|server)\b/,
  },
  {
    promise: "nothing in the program imports the wiring, which only main starts",
    from: /^src\//,
    to: /^src\/(main|start)\.ts$/,
    except: /^src\/main\.ts$/,
  },
  {
    promise: "the program does not import its tests, scripts or benchmarks",
    from: /^src\//,
    to: /^(test|scripts|bench)\//,
  },
];

/**
 * The rooms a room may import, itself aside: its parents. What a room may import, its children may too.
 * A new room gets a line here.
 */
export const parents: Readonly<Record<string, readonly string[]>> = {
  system: ["computers"],
  computers: [],
  spaces: [],
  "service-accounts": ["roles"],
  roles: [],
  "role-bindings": ["roles", "service-accounts"],
  secrets: ["spaces"],
  builds: ["spaces"],
  "space-agents": ["builds", "computers", "secrets"],
  agents: ["computers", "secrets", "service-accounts"],
  responses: ["agents", "sessions"],
  sessions: ["builds", "computers", "secrets", "service-accounts"],
  messages: ["sessions", "responses"],
};
