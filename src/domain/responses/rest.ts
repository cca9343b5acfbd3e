import { z } from "zod";
import { jsonObject, moment, wordOf } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import { agentParams } from "../agents/rest-agent.ts";

const tag = "Responses";
const statuses = ["pending", "processing", "completed", "failed", "cancelled"] as const;

const responseParams = agentParams.extend({ id: z.string().meta({ description: "Response id" }) });

const Response = z
  .object({
    id: z.string().meta({ description: "UUID" }),
    agent_name: z.string(),
    status: z.enum(statuses),
    input: jsonObject('What was asked, typically `{ "text": "…" }`'),
    output: z
      .looseObject({
        text: z.string().meta({ description: "The final answer; may be empty while it is processed" }),
        items: z
          .array(z.looseObject({ type: z.string() }))
          .meta({ description: "All steps in order: commentary, tool_call, tool_result, final, or others" }),
      })
      .meta({ description: "What was answered; workers may add keys of their own" }),
    created_at: moment("Creation"),
    updated_at: moment("Last change"),
  })
  .meta({ id: "Response" });

const example: z.input<typeof Response> = {
  id: "0197b5a2-6c1e-7c3a-9d0b-2f3f6f1f0a11",
  agent_name: "demo",
  status: "completed",
  input: { text: "hi" },
  output: { text: "hello", items: [{ type: "final", channel: "final", text: "hello" }] },
  created_at: "2025-01-01T12:00:00.000Z",
  updated_at: "2025-01-01T12:00:10.000Z",
};

/** Selects the fields of document C, in its order. */
const responseFields = /* GraphQL */ `
  fragment RestResponse on Response {
    id
    agent_name: agentName
    status
    input
    output { text items { raw } other }
    created_at: createdAt
    updated_at: updatedAt
  }
`;

interface ResponseData {
  readonly status: string;
  readonly output: {
    readonly text: string;
    readonly items: readonly { readonly raw: unknown }[];
    readonly other: object;
  };
}

const presentResponse = (response: ResponseData) => {
  const { text, items, other } = response.output;
  const output = { text, items: items.map(({ raw }) => raw), ...other };
  return { ...response, status: response.status.toLowerCase(), output };
};

const responseReply = { kind: "json", schema: Response, example } as const;

/** What agents are asked and what they answer (document C, "Agent Responses"), and cancelling it. */
export const responseRoutes: readonly Route[] = [
  listRoute({
    path: "/agents/:name/responses",
    tag,
    summary: "List what an agent was asked, the oldest first",
    params: agentParams,
    document: /* GraphQL */ `
      query RestResponses($name: ID!, $first: Int, $offset: Int) {
        responses(agent: $name, first: $first, offset: $offset) {
          items: nodes { ...RestResponse }
          total: totalCount
        }
      }
      ${responseFields}
    `,
    variables: ({ params }) => params,
    present: presentResponse,
    reply: { kind: "json", schema: z.array(Response), example: [example] },
    refusals: [413],
  }),
  route({
    method: "POST",
    path: "/agents/:name/responses",
    tag,
    summary:
      "Ask an agent something; a sleeping one is woken. With `background: false`, wait up to 15 minutes for the end",
    params: agentParams,
    body: z.object({
      input: jsonObject('What to ask, typically `{ "text": "…" }`'),
      background: z
        .boolean()
        .optional()
        .meta({ description: "Default true; false waits, and answers 504 after 15 minutes" }),
    }),
    bodyExample: { input: { text: "hello" }, background: false },
    document: /* GraphQL */ `
      mutation RestCreateResponse($name: ID!, $input: JSON!, $wait: Boolean) {
        createResponse(agent: $name, input: $input, wait: $wait) { ...RestResponse }
      }
      ${responseFields}
    `,
    variables: ({ params, body }) => ({ ...params, input: body.input, wait: body.background === false }),
    present: presentResponse,
    reply: responseReply,
    refusals: [409, 504],
  }),
  route({
    method: "GET",
    path: "/agents/:name/responses/count",
    tag,
    summary: "Count what an agent was asked",
    params: agentParams,
    document: /* GraphQL */ `
      query RestResponseCount($name: ID!) {
        responses(agent: $name, first: 0) { totalCount }
      }
    `,
    variables: ({ params }) => params,
    presentFor: ({ totalCount }: { totalCount: number }, { params }) => ({
      count: totalCount,
      agent_name: params.name,
    }),
    reply: {
      kind: "json",
      schema: z.object({ count: z.int32(), agent_name: z.string() }).meta({ id: "Count" }),
      example: { count: 123, agent_name: "demo" },
    },
  }),
  route({
    method: "GET",
    path: "/agents/:name/responses/:id",
    tag,
    summary: "Get a response",
    params: responseParams,
    document: /* GraphQL */ `
      query RestResponseById($name: ID!, $id: ID!) {
        response(id: $id, agent: $name) { ...RestResponse }
      }
      ${responseFields}
    `,
    variables: ({ params }) => params,
    present: presentResponse,
    reply: responseReply,
  }),
  route({
    method: "PUT",
    path: "/agents/:name/responses/:id",
    tag,
    summary:
      "Report on a response from outside: `output.text` replaces, `output.items` are appended, other keys overwrite",
    params: responseParams,
    body: z.object({
      status: wordOf(["pending", "processing", "completed", "failed"], "How far it is").optional(),
      input: jsonObject("Replaces the input").optional(),
      output: jsonObject("`{ text?, items? }` and any other keys").optional(),
    }),
    bodyExample: { status: "completed", output: { text: "done", items: [{ type: "final", text: "done" }] } },
    document: /* GraphQL */ `
      mutation RestUpdateResponse($name: ID!, $id: ID!, $input: UpdateResponseInput!) {
        updateResponse(id: $id, agent: $name, input: $input) { ...RestResponse }
      }
      ${responseFields}
    `,
    variables: ({ params, body }) => ({ ...params, input: { ...body, status: body.status?.toUpperCase() } }),
    present: presentResponse,
    reply: responseReply,
    refusals: [409],
  }),
  route({
    method: "POST",
    path: "/agents/:name/cancel",
    tag,
    summary: "Cancel everything the agent has not finished",
    params: agentParams,
    document: /* GraphQL */ `
      mutation RestCancelAgent($name: ID!) {
        cancelAgent(name: $name) { name cancelled }
      }
    `,
    variables: ({ params }) => params,
    present: ({ name, cancelled }: { name: string; cancelled: number }) => ({
      status: "ok",
      agent: name,
      cancelled: cancelled > 0,
    }),
    reply: {
      kind: "json",
      schema: z
        .object({
          status: z.literal("ok"),
          agent: z.string(),
          cancelled: z.boolean().meta({ description: "Whether there was anything to cancel" }),
        })
        .meta({ id: "CancelAck" }),
      example: { status: "ok", agent: "demo", cancelled: true },
    },
  }),
];
