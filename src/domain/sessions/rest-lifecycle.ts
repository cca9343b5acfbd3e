import { z } from "zod";
import { type Route, route } from "../../rest/route.ts";
import { movedReply, sessionFields, sessionParams, sessionStates } from "./rest-session.ts";

const tag = "Sessions";

const stopped = { state: "SUSPENDED" } as const;
const starting = { state: "INIT" } as const;
const closed = {
  state: "CLOSED",
  container_id: null,
  terminated_at: "2025-01-20T11:00:00.000Z",
  termination_reason: "closed",
} as const;

const withSuccess = (session: object) => ({ ...session, success: true });

/** One verb: its mutation, and what it does in words. */
function order(verb: string, mutation: string, summary: string, differences: Parameters<typeof movedReply>[0]): Route {
  return route({
    method: "POST",
    path: `/sessions/:id/${verb}`,
    tag,
    summary,
    params: sessionParams,
    document: /* GraphQL */ `
      mutation Rest${mutation}($id: ID!) {
        moved: ${mutation}(id: $id) { ...RestSession }
      }
      ${sessionFields}
    `,
    variables: ({ params }) => params,
    present: withSuccess,
    reply: movedReply(differences),
    refusals: [409],
  });
}

/** What is done to a session's computer (documents A and B); each answers the session as it now is. */
export const sessionOrderRoutes: readonly Route[] = [
  route({
    method: "PUT",
    path: "/sessions/:id/state",
    tag,
    summary: "Move a session to a state, where that is a legal move",
    params: sessionParams,
    body: z.object({ state: z.string().meta({ description: `${sessionStates.join("|")}, in any case of letters` }) }),
    bodyExample: { state: "PAUSED" },
    document: /* GraphQL */ `
      mutation RestSetSessionState($id: ID!, $state: String!) {
        setSessionState(id: $id, state: $state) { ...RestSession }
      }
      ${sessionFields}
    `,
    variables: ({ params, body }) => ({ ...params, ...body }),
    present: withSuccess,
    reply: movedReply({ state: "PAUSED" }),
    refusals: [409],
  }),
  order("pause", "pauseSession", "Freeze a session's computer; nothing in it is lost", { state: "PAUSED" }),
  order("suspend", "suspendSession", "Stop a session's computer; its files stay", stopped),
  order("resume", "resumeSession", "Let a paused or suspended session go on", starting),
  order("close", "closeSession", "Remove a session's container; its files and messages stay", closed),
  order("restore", "restoreSession", "Open a closed session again, with its files and messages", starting),
];
