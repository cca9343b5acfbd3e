/** What an operation may be about, by what the world's things are called just now. */
export interface Present {
  readonly agent: string;
  readonly session: string;
  readonly response: string;
  readonly space: string;
  readonly spaceAgent: string;
  readonly account: string;
  /** Of the operation, so that what is written is never twice the same. */
  readonly number: number;
}

type Operation = (present: Present) => string;

/** Every kind of change of what is remembered, by every way there is to make it. */
export const operations: Readonly<Record<string, readonly Operation[]>> = {
  createAgent: [
    ({ number }) => `createAgent(input: { name: "agent${number}", engine: SHELL, prompt: "echo hi" }) { id }`,
    ({ number, space }) =>
      `createAgent(input: { name: "Agent${number}", engine: EXTERNAL, space: "${space}", setup: "echo" }) { id }`,
  ],
  updateAgent: [
    ({ agent, number }) => `updateAgent(name: "${agent}", input: { description: "number ${number}" }) { id }`,
    ({ agent, number }) =>
      `updateAgent(name: "${agent}", input: { tags: ["t${number}"], metadata: { n: ${number} } }) { id }`,
    ({ agent, number }) =>
      `updateAgent(name: "${agent}", input: { idleTimeoutSeconds: ${number + 60}, busyTimeoutSeconds: ${number + 60} }) { id }`,
    ({ agent, number }) =>
      `updateAgent(name: "${agent}", input: { instructions: "i${number}", setup: "exit 1" }) { id }`,
    ({ agent }) => `updateAgent(name: "${agent}", input: { engine: EXTERNAL }) { id }`,
  ],
  publishAgent: [({ agent }) => `publishAgent(name: "${agent}", permissions: { code: false }) { id }`],
  unpublishAgent: [({ agent }) => `unpublishAgent(name: "${agent}") { id }`],
  remixAgent: [({ agent, number }) => `remixAgent(name: "${agent}", input: { name: "remix${number}" }) { id }`],
  sleepAgent: [
    ({ agent }) => `sleepAgent(name: "${agent}") { id }`,
    ({ agent }) => `sleepAgent(name: "${agent}", delaySeconds: 30) { id }`,
  ],
  wakeAgent: [({ agent }) => `wakeAgent(name: "${agent}", prompt: "echo awake") { id }`],
  setAgentBusy: [({ agent }) => `setAgentBusy(name: "${agent}") { id }`],
  setAgentIdle: [({ agent }) => `setAgentIdle(name: "${agent}") { id }`],
  setAgentState: [({ agent }) => `setAgentState(name: "${agent}", state: "slept") { id }`],
  clearContext: [({ agent }) => `clearContext(agent: "${agent}") { __typename }`],
  cancelAgent: [({ agent }) => `cancelAgent(name: "${agent}") { __typename }`],
  createResponse: [
    ({ agent, number }) => `createResponse(agent: "${agent}", input: { text: "echo ${number}" }) { id }`,
    ({ agent }) => `createResponse(agent: "${agent}", input: { text: "now" }, whenBusy: INTERRUPT) { id }`,
  ],
  updateResponse: [
    ({ response }) => `updateResponse(id: "${response}", input: { status: PROCESSING }) { id }`,
    ({ response, number }) => `updateResponse(id: "${response}", input: { input: { text: "other ${number}" } }) { id }`,
    ({ response, number }) => `updateResponse(id: "${response}", input: { output: { more: ${number} } }) { id }`,
    ({ response, number }) => `updateResponse(id: "${response}", input: { output: { text: "text ${number}" } }) { id }`,
    ({ response }) => `updateResponse(id: "${response}", input: { output: { items: [{ type: "note" }] } }) { id }`,
    ({ response }) => `updateResponse(id: "${response}", input: { status: FAILED }) { id }`,
  ],
  cancelResponse: [
    ({ agent }) => `createResponse(agent: "${agent}", input: { text: "to be cancelled" }) { id }`,
    ({ response }) => `cancelResponse(id: "${response}") { id }`,
  ],
  createSession: [
    ({ space, number }) =>
      `createSession(input: { space: "${space}", engine: EXTERNAL, metadata: { n: ${number} } }) { id }`,
  ],
  updateSession: [
    ({ session, number }) => `updateSession(id: "${session}", input: { metadata: { n: ${number} } }) { id }`,
    ({ session, space }) => `updateSession(id: "${session}", input: { space: "${space}", engine: SHELL }) { id }`,
  ],
  remixSession: [({ session }) => `remixSession(id: "${session}", input: { messages: true }) { id }`],
  sendMessage: [
    ({ session, number }) => `sendMessage(session: "${session}", content: "echo ${number}") { id }`,
    ({ session }) => `sendMessage(session: "${session}", content: "be kind", role: SYSTEM) { id }`,
  ],
  clearMessages: [({ session }) => `clearMessages(session: "${session}") { __typename }`],
  pauseSession: [({ session }) => `pauseSession(id: "${session}") { id }`],
  suspendSession: [({ session }) => `suspendSession(id: "${session}") { id }`],
  resumeSession: [({ session }) => `resumeSession(id: "${session}") { id }`],
  closeSession: [({ session }) => `closeSession(id: "${session}") { id }`],
  restoreSession: [({ session }) => `restoreSession(id: "${session}") { id }`],
  setSessionState: [({ session }) => `setSessionState(id: "${session}", state: "suspended") { id }`],
  createSpace: [({ number }) => `createSpace(input: { name: "space${number}" }) { name }`],
  updateSpace: [
    ({ space, number }) => `updateSpace(name: "${space}", input: { description: "number ${number}" }) { name }`,
  ],
  createSpaceAgent: [
    ({ space, number }) =>
      `createSpaceAgent(input: { space: "${space}", name: "code${number}", sourceRepo: "some/where" }) { id }`,
  ],
  updateSpaceAgent: [
    ({ space, spaceAgent, number }) =>
      `updateSpaceAgent(space: "${space}", name: "${spaceAgent}", input: { purpose: "number ${number}" }) { id }`,
  ],
  setSpaceAgentStatus: [
    ({ space, spaceAgent }) =>
      `setSpaceAgentStatus(space: "${space}", name: "${spaceAgent}", status: "inactive") { id }`,
  ],
  deploySpaceAgent: [({ space, spaceAgent }) => `deploySpaceAgent(space: "${space}", name: "${spaceAgent}") { id }`],
  stopSpaceAgent: [({ space, spaceAgent }) => `stopSpaceAgent(space: "${space}", name: "${spaceAgent}") { id }`],
  deleteSpaceAgent: [
    ({ space, spaceAgent }) => `deleteSpaceAgent(space: "${space}", name: "${spaceAgent}") { __typename }`,
  ],
  buildSpace: [({ space }) => `buildSpace(space: "${space}") { id }`],
  createServiceAccount: [
    ({ number }) => `createServiceAccount(input: { user: "user${number}", password: "a long password" }) { id }`,
  ],
  updateServiceAccount: [
    ({ account, number }) =>
      `updateServiceAccount(id: "${account}", input: { description: "number ${number}" }) { id }`,
  ],
  createSecret: [
    ({ space, number }) => `createSecret(input: { space: "${space}", key: "K${number}", value: "v" }) { key }`,
  ],
  deleteServiceAccount: [({ account }) => `deleteServiceAccount(id: "${account}") { __typename }`],
  deleteSession: [({ session }) => `deleteSession(id: "${session}") { __typename }`],
  deleteAgent: [({ agent }) => `deleteAgent(name: "${agent}") { __typename }`],
  deleteSpace: [({ space }) => `deleteSpace(name: "${space}") { __typename }`],
};

/** What changes nothing that is remembered. */
export const others = [
  "askSpaceAgent",
  "cancelBuild",
  "changePassword",
  "compactContext",
  "createAgentToken",
  "createRole",
  "createRoleBinding",
  "deleteFile",
  "deleteRole",
  "deleteRoleBinding",
  "deleteSecret",
  "exec",
  "login",
  "setSecret",
  "updateSecret",
  "writeFile",
];
