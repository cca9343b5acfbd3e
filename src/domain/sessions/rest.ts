import { z } from "zod";
import { wordOf } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import {
  newSession,
  remixedReply,
  sessionFields,
  sessionMetadata,
  sessionParams,
  sessionReply,
  sessionsReply,
} from "./rest-session.ts";

const tag = "Sessions";

const spaceName = z.string().meta({ description: "Space name" });

const asItIs = (session: unknown) => session;

/** The states as a filter may write them too. */
const states = ["init", "idle", "busy", "paused", "suspended", "closed"] as const;

/** Sessions as things: list, create, get, update, remix, delete (document A, "Sessions"). */
export const sessionRoutes: readonly Route[] = [
  listRoute({
    path: "/sessions",
    tag,
    summary: "List the sessions that the caller may see, the oldest first",
    query: z.object({
      state: wordOf(states, "In this state").optional(),
      space: spaceName.optional(),
      workspace_name: z.string().optional().meta({ description: "The same as `space`" }),
    }),
    document: /* GraphQL */ `
      query RestSessions($filter: SessionFilter, $first: Int, $offset: Int) {
        sessions(filter: $filter, first: $first, offset: $offset) { items: nodes { ...RestSession } total: totalCount }
      }
      ${sessionFields}
    `,
    variables: ({ query: { state, space, workspace_name } }) => ({
      filter: { states: state && [state.toUpperCase()], space: space ?? workspace_name },
    }),
    present: asItIs,
    reply: sessionsReply,
  }),
  route({
    method: "POST",
    path: "/sessions",
    tag,
    summary: "Create a session",
    body: z.object({
      space: spaceName.optional().meta({ description: "Default: `default`" }),
      metadata: sessionMetadata.optional(),
    }),
    bodyExample: { space: "default", metadata: {} },
    document: /* GraphQL */ `
      mutation RestCreateSession($input: CreateSessionInput) {
        createSession(input: $input) { ...RestSession }
      }
      ${sessionFields}
    `,
    variables: ({ body }) => ({ input: body }),
    present: asItIs,
    reply: sessionReply(newSession),
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/sessions/:id",
    tag,
    summary: "Get a session",
    params: sessionParams,
    document: /* GraphQL */ `
      query RestSessionById($id: ID!) {
        session(id: $id) { ...RestSession }
      }
      ${sessionFields}
    `,
    variables: ({ params }) => params,
    present: asItIs,
    reply: sessionReply(),
  }),
  route({
    method: "PUT",
    path: "/sessions/:id",
    tag,
    summary: "Change a session; what is left out stays. Another space is where it moves, unless it is answering",
    params: sessionParams,
    body: z.object({ space: spaceName.optional(), metadata: sessionMetadata.optional() }),
    bodyExample: { space: "production" },
    document: /* GraphQL */ `
      mutation RestUpdateSession($id: ID!, $input: UpdateSessionInput!) {
        updateSession(id: $id, input: $input) { ...RestSession }
      }
      ${sessionFields}
    `,
    variables: ({ params, body }) => ({ ...params, input: body }),
    present: asItIs,
    reply: sessionReply({ space: "production" }),
    refusals: [409],
  }),
  route({
    method: "POST",
    path: "/sessions/:id/remix",
    tag,
    summary: "Make a new session out of this one, with a copy of its files and its conversation",
    params: sessionParams,
    body: z.object({
      space: spaceName.optional().meta({ description: "Default: the parent's" }),
      metadata: sessionMetadata.optional(),
      messages: z.boolean().optional().meta({ description: "Copy the conversation (default true)" }),
    }),
    bodyExample: { space: "development" },
    document: /* GraphQL */ `
      mutation RestRemixSession($id: ID!, $input: RemixSessionInput) {
        remixSession(id: $id, input: $input) { ...RestSession parent_session: parentId }
      }
      ${sessionFields}
    `,
    variables: ({ params, body }) => ({ ...params, input: body }),
    present: asItIs,
    reply: remixedReply,
    refusals: [409],
  }),
  route({
    method: "DELETE",
    path: "/sessions/:id",
    tag,
    summary: "Delete a session with its messages, container and files",
    params: sessionParams,
    document: /* GraphQL */ `
      mutation RestDeleteSession($id: ID!) {
        deleteSession(id: $id) { id }
      }
    `,
    variables: ({ params }) => params,
    present: () => undefined,
    reply: { kind: "empty" },
  }),
];
