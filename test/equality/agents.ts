import * as fc from "fast-check";
import { aPage, anAgentName, anId, aText, define, listOf, nothing, optional, withOwn } from "./operation.ts";

const fields =
  "name createdBy: createdByName state description parentAgentName: parentName createdAt lastActivityAt metadata tags " +
  "isPublished publishedAt publishedBy publishPermissions { code secrets content } " +
  "idleTimeoutSeconds busyTimeoutSeconds idleFrom busyFrom";

type Fields = Readonly<Record<string, unknown>>;
const keeping = withOwn("metadata");
const lower = (word: unknown) => String(word).toLowerCase();
const shown = (agent: Fields) => ({ ...keeping(agent), state: lower(agent["state"]) });

const choices = fc.constantFrom({}, {}, { own: { camelCase: 1 } }, { engine: "external" }, { engine: "none" });

/** The fields of both languages for what a caller says of an agent. */
const said = {
  description: optional(aText),
  metadata: optional(choices),
  tags: optional(fc.constantFrom([], ["one"], ["one"], ["one", "two"], ["one", "two"], ["no tag"])),
};

const order = (name: string, path: string, mutation: string, answer: (agent: Fields) => unknown) =>
  anAgentName.map((agent) =>
    define({
      name,
      rest: ["POST", `/agents/${agent}/${path}`],
      graphql: [`mutation ($name: ID!) { ${mutation}(name: $name) { ${fields} } }`, { name: agent }],
      shown: answer,
    }),
  );

const acknowledged = (timeoutStatus: string) => (agent: Fields) => ({
  success: true,
  state: lower(agent["state"]),
  timeout_status: timeoutStatus,
});

/** What can be done with agents, where REST answers the agent. */
export const agentOperations = [
  fc
    .record({ name: anAgentName, idle: optional(fc.constantFrom(60, 60, 60, 0)), prompt: optional(aText), ...said })
    .map(({ name, idle, prompt, ...more }) =>
      define({
        name: "create an agent",
        rest: ["POST", "/agents", { name, prompt, idle_timeout_seconds: idle, ...more }],
        graphql: [
          `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { ${fields} } }`,
          { input: { name, prompt, idleTimeoutSeconds: idle, ...more } },
        ],
        shown,
      }),
    ),
  fc.record({ name: anAgentName, input: fc.record(said) }).map(({ name, input }) =>
    define({
      name: "update an agent",
      rest: ["PUT", `/agents/${name}`, input],
      graphql: [
        `mutation ($name: ID!, $input: UpdateAgentInput!) { updateAgent(name: $name, input: $input) { ${fields} } }`,
        { name, input },
      ],
      shown,
    }),
  ),
  anAgentName.map((name) =>
    define({
      name: "get an agent",
      rest: ["GET", `/agents/${name}`],
      graphql: [`query ($name: ID!) { agent(name: $name) { ${fields} } }`, { name }],
      shown,
    }),
  ),
  fc.record({ page: aPage, state: fc.constantFrom("idle", "slept"), q: fc.constantFrom("a", "ö") }).map((asked) => {
    const { first, offset } = asked.page;
    return define({
      name: "list agents",
      rest: ["GET", `/agents?limit=${first}&offset=${offset}&state=${asked.state}&q=${encodeURIComponent(asked.q)}`],
      graphql: [
        `query ($first: Int, $offset: Int, $filter: AgentFilter) {
          agents(first: $first, offset: $offset, filter: $filter) { nodes { ${fields} } }
        }`,
        { first, offset, filter: { states: [asked.state.toUpperCase()], q: asked.q } },
      ],
      shown: listOf(shown),
    });
  }),
  anAgentName.map((name) =>
    define({
      name: "delete an agent",
      rest: ["DELETE", `/agents/${name}`],
      graphql: [`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name }],
      shown: nothing,
    }),
  ),
  order("say that an agent is busy", "busy", "setAgentBusy", acknowledged("paused")),
  order("say that an agent is idle", "idle", "setAgentIdle", acknowledged("active")),
  order("put an agent to sleep", "sleep", "sleepAgent", shown),
  order("wake an agent", "wake", "wakeAgent", shown),
  fc.record({ parent: anAgentName, name: anAgentName, code: optional(fc.boolean()) }).map(({ parent, ...input }) =>
    define({
      name: "remix an agent",
      rest: ["POST", `/agents/${parent}/remix`, input],
      graphql: [
        `mutation ($name: ID!, $input: RemixAgentInput!) { remixAgent(name: $name, input: $input) { ${fields} } }`,
        { name: parent, input },
      ],
      shown,
    }),
  ),
];

const responseFields = "id agentName status input output { text items { raw } other } createdAt updatedAt";

interface Response extends Fields {
  readonly output: {
    readonly text: string;
    readonly items: readonly { readonly raw: unknown }[];
    readonly other: object;
  };
}

const keepingInput = withOwn("input");
const shownResponse = ({ output: { text, items, other }, ...response }: Response) => ({
  ...keepingInput(response),
  status: lower(response["status"]),
  output: { ...other, text, items: items.map(({ raw }) => raw) },
});

const anInput = fc.constantFrom({ text: "hello" }, { text: 1 }, { other: { camelCase: true } }, {});

/** What can be done with responses. */
export const responseOperations = [
  fc.record({ agent: anAgentName, input: anInput }).map(({ agent, input }) =>
    define({
      name: "ask an agent",
      rest: ["POST", `/agents/${agent}/responses`, { input }],
      graphql: [
        `mutation ($agent: ID!, $input: JSON!) { createResponse(agent: $agent, input: $input) { ${responseFields} } }`,
        { agent, input },
      ],
      shown: shownResponse,
    }),
  ),
  fc
    .record({
      agent: anAgentName,
      id: anId,
      status: optional(fc.constantFrom("processing", "completed", "failed", "pending")),
      output: optional(
        fc.constantFrom({ text: "done" }, { items: [{ type: "commentary" }] }, { items: [1] }, { own: 1 }),
      ),
    })
    .map(({ agent, id, status, output }) =>
      define({
        name: "report on a response",
        rest: ["PUT", `/agents/${agent}/responses/${id}`, { status, output }],
        graphql: [
          `mutation ($agent: ID, $id: ID!, $input: UpdateResponseInput!) {
            updateResponse(agent: $agent, id: $id, input: $input) { ${responseFields} }
          }`,
          { agent, id, input: { status: status?.toUpperCase(), output } },
        ],
        shown: shownResponse,
      }),
    ),
  fc.record({ agent: anAgentName, page: aPage }).map(({ agent, page }) =>
    define({
      name: "list responses",
      rest: ["GET", `/agents/${agent}/responses?limit=${page.first}&offset=${page.offset}`],
      graphql: [
        `query ($agent: ID!, $first: Int, $offset: Int) {
          responses(agent: $agent, first: $first, offset: $offset) { nodes { ${responseFields} } }
        }`,
        { agent, ...page },
      ],
      shown: ({ nodes }: { readonly nodes: readonly Response[] }) => nodes.map(shownResponse),
    }),
  ),
  anAgentName.map((name) =>
    define({
      name: "cancel what an agent does",
      rest: ["POST", `/agents/${name}/cancel`],
      graphql: [`mutation ($name: ID!) { cancelAgent(name: $name) { name cancelled } }`, { name }],
      shown: (done: { name: string; cancelled: number }) => ({
        status: "ok",
        agent: done.name,
        cancelled: done.cancelled > 0,
      }),
    }),
  ),
];
