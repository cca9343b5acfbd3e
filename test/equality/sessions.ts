import * as fc from "fast-check";
import {
  aPage,
  anId,
  aSpaceName,
  aText,
  define,
  type Fields,
  listOf,
  nothing,
  optional,
  withOwn,
} from "./operation.ts";

const fields =
  "id space createdBy: createdByName state containerId persistentVolumeId: volumeId parentSessionId: parentId createdAt startedAt " +
  "lastActivityAt terminatedAt terminationReason metadata";

const shown = withOwn("metadata");
const succeeded = (session: Fields) => ({ ...shown(session), success: true });

const someMetadata = fc.constantFrom({}, { own: { camelCase: 1 } }, { engine: "external" }, { engine: "none" });
const aState = fc.constantFrom("idle", "PAUSED", "suspended", "closed", "init", "sleeping");

const order = (verb: string, mutation: string) =>
  anId.map((id) =>
    define({
      name: `${verb} a session`,
      rest: ["POST", `/sessions/${id}/${verb}`],
      graphql: [`mutation ($id: ID!) { ${mutation}(id: $id) { ${fields} } }`, { id }],
      shown: succeeded,
    }),
  );

/** What can be done with sessions. */
export const sessionOperations = [
  fc.record({ space: optional(aSpaceName), metadata: optional(someMetadata) }).map((input) =>
    define({
      name: "create a session",
      rest: ["POST", "/sessions", input],
      graphql: [`mutation ($input: CreateSessionInput) { createSession(input: $input) { ${fields} } }`, { input }],
      shown,
    }),
  ),
  anId.map((id) =>
    define({
      name: "get a session",
      rest: ["GET", `/sessions/${id}`],
      graphql: [`query ($id: ID!) { session(id: $id) { ${fields} } }`, { id }],
      shown,
    }),
  ),
  fc
    .record({ id: anId, input: fc.record({ space: optional(aSpaceName), metadata: optional(someMetadata) }) })
    .map(({ id, input }) =>
      define({
        name: "update a session",
        rest: ["PUT", `/sessions/${id}`, input],
        graphql: [
          `mutation ($id: ID!, $input: UpdateSessionInput!) { updateSession(id: $id, input: $input) { ${fields} } }`,
          { id, input },
        ],
        shown,
      }),
    ),
  fc.record({ id: anId, state: aState }).map(({ id, state }) =>
    define({
      name: "set the state of a session",
      rest: ["PUT", `/sessions/${id}/state`, { state }],
      graphql: [
        `mutation ($id: ID!, $state: String!) { setSessionState(id: $id, state: $state) { ${fields} } }`,
        { id, state },
      ],
      shown: succeeded,
    }),
  ),
  order("pause", "pauseSession"),
  order("suspend", "suspendSession"),
  order("resume", "resumeSession"),
  order("close", "closeSession"),
  order("restore", "restoreSession"),
  fc
    .record({ id: anId, input: fc.record({ space: optional(aSpaceName), messages: optional(fc.boolean()) }) })
    .map(({ id, input }) =>
      define({
        name: "remix a session",
        rest: ["POST", `/sessions/${id}/remix`, input],
        graphql: [
          `mutation ($id: ID!, $input: RemixSessionInput) { remixSession(id: $id, input: $input) { ${fields} } }`,
          { id, input },
        ],
        shown: (session: Fields) => ({ ...shown(session), parent_session: session["parentSessionId"] }),
      }),
    ),
  fc.record({ page: aPage, space: aSpaceName }).map(({ page: { first, offset }, space }) =>
    define({
      name: "list sessions",
      rest: ["GET", `/sessions?limit=${first}&offset=${offset}&workspace_name=${encodeURIComponent(space)}`],
      graphql: [
        `query ($first: Int, $offset: Int, $filter: SessionFilter) {
          sessions(first: $first, offset: $offset, filter: $filter) { nodes { ${fields} } }
        }`,
        { first, offset, filter: { space } },
      ],
      shown: listOf(shown),
    }),
  ),
  anId.map((id) =>
    define({
      name: "delete a session",
      rest: ["DELETE", `/sessions/${id}`],
      graphql: [`mutation ($id: ID!) { deleteSession(id: $id) { id } }`, { id }],
      shown: nothing,
    }),
  ),
];

const messageFields = "id sessionId role content createdAt";
const shownMessage = (message: Fields) => ({
  ...withOwn()(message),
  role: String(message["role"]).toLowerCase(),
});

/** What can be done with their messages. */
export const messageOperations = [
  fc
    .record({ id: anId, content: aText, role: optional(fc.constantFrom("user", "assistant", "system")) })
    .map(({ id, content, role }) =>
      define({
        name: "send a message",
        rest: ["POST", `/sessions/${id}/messages`, { content, role }],
        graphql: [
          `mutation ($session: ID!, $content: String!, $role: MessageRole) {
            sendMessage(session: $session, content: $content, role: $role) { ${messageFields} }
          }`,
          { session: id, content, role: role?.toUpperCase() },
        ],
        shown: shownMessage,
      }),
    ),
  fc.record({ id: anId, page: aPage }).map(({ id, page }) =>
    define({
      name: "list messages",
      rest: ["GET", `/sessions/${id}/messages?limit=${page.first}&offset=${page.offset}`],
      graphql: [
        `query ($session: ID!, $first: Int, $offset: Int) {
          messages(session: $session, first: $first, offset: $offset) { nodes { ${messageFields} } }
        }`,
        { session: id, ...page },
      ],
      shown: listOf(shownMessage),
    }),
  ),
  anId.map((id) =>
    define({
      name: "clear the messages",
      rest: ["DELETE", `/sessions/${id}/messages`],
      graphql: [`mutation ($session: ID!) { clearMessages(session: $session) { cleared } }`, { session: id }],
      shown: nothing,
    }),
  ),
];
