import type { Permission } from "./rules.ts";

/** What an operation is about: one thing that is there or not, or a space in which something is made or listed. */
export type Kind =
  | "agent"
  | "response"
  | "session"
  | "secret"
  | "space"
  | "spaceAgent"
  | "build"
  | "role"
  | "binding"
  | "account"
  | "nothing";

/** A thing of some kind as arguments name it. */
export interface Named {
  readonly id: string;
  readonly space: string;
}

/** One line of the table. */
export interface Operation {
  /** Says which of several ways to call one field this is. */
  readonly way?: string;
  /** The permission it needs; `public` for everybody, `token` for any good one, `account` for who logged in. */
  readonly needs: Permission | "public" | "token" | "account";
  readonly of: Kind;
  readonly args: (thing: Named) => object;
  /** How an allowed call may end beside succeeding, where the thing's state does not suit it. */
  readonly endsIn?: readonly string[];
}

const nothing = { of: "nothing", args: () => ({}) } as const;
const byName = ({ id }: Named) => ({ name: id });
const byId = ({ id }: Named) => ({ id });
const byAgent = ({ id }: Named) => ({ agent: id });
const bySecret = ({ id, space }: Named) => ({ space, key: id });

const agent = (needs: Permission, args: object = {}, endsIn: readonly string[] = []): Operation => ({
  needs,
  of: "agent",
  args: (thing) => ({ ...byName(thing), ...args }),
  endsIn,
});
const inAgent = (needs: Permission, args: object = {}, endsIn: readonly string[] = []): Operation => ({
  needs,
  of: "agent",
  args: (thing) => ({ ...byAgent(thing), ...args }),
  endsIn,
});
const globally = (needs: Permission, input?: object): Operation => ({
  needs,
  of: "nothing",
  args: () => (input ? { input } : {}),
});
const inSpace = (needs: Permission, args: (space: string) => object): Operation => ({
  needs,
  of: "space",
  args: ({ id }) => args(id),
});
const role = (needs: Permission): Operation => ({ needs, of: "role", args: byName });
const binding = (needs: Permission): Operation => ({ needs, of: "binding", args: byId });
const account = (needs: Permission, args: object = {}): Operation => ({
  needs,
  of: "account",
  args: (thing) => ({ ...byId(thing), ...args }),
});
const secret = (needs: Permission, args: object = {}): Operation => ({
  needs,
  of: "secret",
  args: (thing) => ({ ...bySecret(thing), ...args }),
});
const space = (needs: Permission, args: object = {}): Operation => ({
  needs,
  of: "space",
  args: (thing) => ({ ...byName(thing), ...args }),
});

const session = (needs: Permission, args: object = {}, endsIn: readonly string[] = []): Operation => ({
  needs,
  of: "session",
  args: (thing) => ({ ...byId(thing), ...args }),
  endsIn,
});
const inSession = (needs: Permission, args: object = {}): Operation => ({
  needs,
  of: "session",
  args: ({ id }) => ({ session: id, ...args }),
});
const spaceAgent = (needs: Permission, args: object = {}, endsIn: readonly string[] = []): Operation => ({
  needs,
  of: "spaceAgent",
  args: ({ id, space: place }) => ({ space: place, name: id, ...args }),
  endsIn,
});
const build = (needs: Permission, endsIn: readonly string[] = []): Operation => ({
  needs,
  of: "build",
  args: byId,
  endsIn,
});
const oneSpace = (name: string) => ({ space: name });

const newSecret = (name: string) => ({ input: { space: name, key: "NEW", value: "value" } });

/**
 * Every field at the root of the schema with what it needs (REST contract, "Who may do what"). A new field gets a
 * line here; without one a test fails.
 */
export const operations: Readonly<Record<string, readonly Operation[]>> = {
  "Query.version": [{ needs: "public", ...nothing }],
  "Query.health": [{ needs: "public", ...nothing }],
  "Query.me": [{ needs: "public", ...nothing }],
  "Query.can": [{ needs: "token", of: "nothing", args: () => ({ verb: "get", resource: "agents" }) }],
  "Query.events": [{ needs: "account", ...nothing }],
  "Query.agent": [agent("agents:get")],
  "Query.agents": [{ needs: "token", ...nothing }],
  "Query.publishedAgent": [{ needs: "public", of: "nothing", args: () => ({ name: "agent-shown" }) }],
  "Query.publishedAgents": [{ needs: "public", ...nothing }],
  "Query.response": [{ needs: "responses:get", of: "response", args: byId }],
  "Query.responses": [inAgent("responses:list")],
  "Query.role": [role("roles:get")],
  "Query.roles": [globally("roles:list")],
  "Query.roleBinding": [binding("role-bindings:get")],
  "Query.roleBindings": [globally("role-bindings:list")],
  "Query.serviceAccount": [account("service-accounts:get")],
  "Query.serviceAccounts": [globally("service-accounts:list")],
  "Query.space": [space("spaces:get")],
  "Query.spaces": [{ needs: "token", ...nothing }],
  "Query.secret": [
    secret("secrets:get"),
    { way: "with its value", ...secret("secrets:read-values", { showValue: true }) },
  ],
  "Query.secrets": [
    inSpace("secrets:list", (name) => ({ space: name })),
    { way: "with their values", ...inSpace("secrets:read-values", (name) => ({ space: name, showValues: true })) },
  ],
  "Query.session": [session("sessions:get")],
  "Query.sessions": [{ needs: "token", ...nothing }],
  "Query.messages": [inSession("messages:list")],
  "Query.spaceAgent": [spaceAgent("agents:get")],
  "Query.spaceAgents": [inSpace("agents:list", oneSpace)],
  "Query.build": [build("builds:get")],
  "Query.builds": [inSpace("builds:list", oneSpace)],
  "Query.latestBuild": [inSpace("builds:get", oneSpace)],
  "Mutation.createSession": [
    inSpace("sessions:create", (name) => ({ input: { space: name } })),
    { way: "with a network", ...inSpace("agents:egress", (name) => ({ input: { space: name, network: "EGRESS" } })) },
  ],
  "Mutation.updateSession": [session("sessions:update", { input: { metadata: { changed: true } } })],
  "Mutation.setSessionState": [session("sessions:update", { state: "PAUSED" })],
  "Mutation.pauseSession": [session("sessions:update")],
  "Mutation.suspendSession": [session("sessions:update")],
  "Mutation.resumeSession": [session("sessions:update")],
  "Mutation.closeSession": [session("sessions:update")],
  "Mutation.restoreSession": [session("sessions:update")],
  "Mutation.remixSession": [session("sessions:remix")],
  "Mutation.deleteSession": [session("sessions:delete")],
  "Mutation.sendMessage": [
    inSession("messages:create", { content: "hello" }),
    { way: "as the assistant", ...inSession("sessions:update", { content: "hello", role: "ASSISTANT" }) },
  ],
  "Mutation.clearMessages": [inSession("messages:delete")],
  "Mutation.createSpaceAgent": [
    inSpace("agents:create", (name) => ({
      input: { space: name, name: "newcomer", sourceRepo: "file:///srv/git/agent.git" },
    })),
  ],
  "Mutation.updateSpaceAgent": [spaceAgent("agents:update", { input: { description: "changed" } })],
  "Mutation.setSpaceAgentStatus": [spaceAgent("agents:update", { status: "inactive" })],
  "Mutation.deleteSpaceAgent": [spaceAgent("agents:delete")],
  "Mutation.deploySpaceAgent": [spaceAgent("agents:update", {}, ["CONFLICT"])],
  "Mutation.stopSpaceAgent": [spaceAgent("agents:update", {}, ["CONFLICT"])],
  "Mutation.askSpaceAgent": [spaceAgent("agents:update", { message: "hello" }, ["CONFLICT"])],
  "Mutation.buildSpace": [inSpace("builds:create", oneSpace)],
  "Mutation.cancelBuild": [build("builds:update", ["CONFLICT"])],
  "Mutation.login": [
    { needs: "public", of: "nothing", args: () => ({ user: "a-stranger", password: "correct horse battery" }) },
  ],
  "Mutation.createAgent": [
    inSpace("agents:create", (name) => ({ input: { name: "new-agent", space: name } })),
    {
      way: "with a network",
      ...inSpace("agents:egress", (name) => ({ input: { name: "new-agent", space: name, network: "EGRESS" } })),
    },
  ],
  "Mutation.updateAgent": [agent("agents:update", { input: { description: "changed" } })],
  "Mutation.deleteAgent": [agent("agents:delete")],
  "Mutation.sleepAgent": [agent("agents:update")],
  "Mutation.wakeAgent": [agent("agents:update")],
  "Mutation.setAgentBusy": [agent("agents:report")],
  "Mutation.setAgentIdle": [agent("agents:report", {}, ["CONFLICT"])],
  "Mutation.setAgentState": [agent("agents:update", { state: "slept" })],
  "Mutation.remixAgent": [
    { way: "into its own space", ...agent("agents:remix", { input: { name: "remixed" } }) },
    {
      way: "into a space",
      ...inSpace("agents:create", (name) => ({ name: "agent-shown", input: { name: "remixed", space: name } })),
    },
  ],
  "Mutation.publishAgent": [agent("agents:update")],
  "Mutation.unpublishAgent": [agent("agents:update")],
  "Mutation.createAgentToken": [agent("agents:update")],
  "Mutation.cancelAgent": [agent("agents:update")],
  "Mutation.clearContext": [inAgent("agents:update")],
  "Mutation.compactContext": [inAgent("agents:update")],
  "Mutation.exec": [inAgent("files:update", { command: ["true"] })],
  "Mutation.writeFile": [inAgent("files:update", { path: "note.txt", content: "text" })],
  "Mutation.deleteFile": [inAgent("files:update", { path: "note.txt" }, ["NOT_FOUND"])],
  "Mutation.createResponse": [inAgent("responses:create", { input: { text: "hello" } })],
  "Mutation.updateResponse": [
    {
      needs: "responses:update",
      of: "response",
      args: (thing) => ({ ...byId(thing), input: { output: { text: "changed" } } }),
    },
  ],
  "Mutation.cancelResponse": [{ needs: "agents:update", of: "response", args: byId }],
  "Mutation.createRole": [globally("roles:create", { name: "new-role", rules: [] })],
  "Mutation.deleteRole": [role("roles:delete")],
  "Mutation.createRoleBinding": [globally("role-bindings:create", { subject: "target", role: "target" })],
  "Mutation.deleteRoleBinding": [binding("role-bindings:delete")],
  "Mutation.createServiceAccount": [
    globally("service-accounts:create", { user: "new-account", password: "correct horse battery" }),
  ],
  "Mutation.updateServiceAccount": [account("service-accounts:update", { input: { description: "changed" } })],
  "Mutation.changePassword": [account("service-accounts:update", { newPassword: "another horse battery" })],
  "Mutation.deleteServiceAccount": [account("service-accounts:delete")],
  "Mutation.createSpace": [{ needs: "spaces:create", of: "nothing", args: () => ({ input: { name: "new-space" } }) }],
  "Mutation.updateSpace": [space("spaces:update", { input: { description: "changed" } })],
  "Mutation.deleteSpace": [space("spaces:delete")],
  "Mutation.createSecret": [inSpace("secrets:create", newSecret)],
  "Mutation.setSecret": [inSpace("secrets:create", newSecret)],
  "Mutation.updateSecret": [secret("secrets:update", { input: { value: "changed" } })],
  "Mutation.deleteSecret": [secret("secrets:delete")],
  "Subscription.agentChanged": [agent("agents:get")],
  "Subscription.agentsChanged": [{ needs: "token", ...nothing }],
  "Subscription.computerLogs": [inAgent("files:get")],
  "Subscription.events": [{ needs: "account", ...nothing }],
  "Subscription.sessionChanged": [session("sessions:get")],
  "Subscription.messageAdded": [inSession("messages:list")],
  "Subscription.spaceAgentChanged": [spaceAgent("agents:get")],
  "Subscription.spaceAgentLogs": [spaceAgent("agents:get", {}, ["CONFLICT"])],
  "Subscription.buildProgress": [build("builds:get")],
  "Subscription.responseProgress": [{ needs: "responses:get", of: "response", args: byId }],
  "Subscription.responseQueued": [inAgent("responses:get")],
};
