import { agentNames, amounts } from "./data.ts";
import type { LoadRequest } from "./load.ts";

type Headers = Readonly<Record<string, string>>;

/** A read over REST. */
export const get = (path: string, headers: Headers): readonly LoadRequest[] => [{ method: "GET", path, headers }];

/** Reads of so many agents over REST. */
export const getAgents = (count: number, headers: Headers): readonly LoadRequest[] =>
  agentNames(count).flatMap((name) => get(`/api/v0/agents/${name}`, headers));

/** `createResponse` over REST of each agent that there is something known of. */
export const createResponses = (headers: Headers): readonly LoadRequest[] =>
  agentNames(amounts.agents).map((name) => ({
    method: "POST",
    path: `/api/v0/agents/${name}/responses`,
    headers,
    body: JSON.stringify({ input: { text: "what is the answer?" } }),
  }));

/** A GraphQL document with each of the variables in turn. */
export const query = (document: string, variables: readonly object[], headers: Headers): readonly LoadRequest[] =>
  variables.map((one) => ({
    method: "POST",
    path: "/graphql",
    headers,
    body: JSON.stringify({ query: document, variables: one }),
  }));

/** The fields of an agent in document C. */
export const agentFields = `name createdByName state description parentName createdAt lastActivityAt metadata tags
  isPublished publishedAt publishedBy publishPermissions { code secrets content }
  idleTimeoutSeconds busyTimeoutSeconds idleFrom busyFrom`;
