import { badInput, notFound } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { agentFor } from "../agents/access.ts";
import { agentRespondent } from "./agent-respondent.ts";
import { cancelAll, cancelResponse } from "./end.ts";
import { createResponse } from "./create.ts";
import { waitForEnd } from "./progress.ts";
import { responseFor } from "./queries.ts";
import { Response, ResponseStatus } from "./schema.ts";
import { updateResponse } from "./update.ts";

/** The longest a caller may be kept waiting, and what they wait without saying (document C: 15 minutes). */
const longestWaitSeconds = 900;

const WhenBusy = builder.enumType("WhenBusy", {
  description: "What to do when the agent has other responses that are not finished.",
  values: {
    QUEUE: { description: "Wait for them." },
    REJECT: { description: "Refuse with CONFLICT." },
    INTERRUPT: { description: "Cancel the one that runs, and go before those that wait." },
  },
});

const UpdateResponseInput = builder.inputType("UpdateResponseInput", {
  description: "What an outside worker says of a response.",
  fields: (t) => ({
    status: t.field({
      type: ResponseStatus,
      description: "PENDING, PROCESSING, COMPLETED or FAILED; to cancel use `cancelResponse`.",
    }),
    input: t.field({ type: "JSON", description: "Replaces the input." }),
    output: t.field({
      type: "JSON",
      description: "`text` replaces, `items` are appended (16 MiB in all), other keys overwrite.",
    }),
  }),
});

const CancelledAgent = builder
  .objectRef<{ readonly name: string; readonly count: number }>("CancelledAgent")
  .implement({
    description: "What was cancelled.",
    fields: (t) => ({
      name: t.exposeID("name"),
      cancelled: t.int({ description: "How many responses.", resolve: ({ count }) => count }),
    }),
  });

builder.mutationFields((t) => ({
  createResponse: t.field({
    type: Response,
    description: "Asks an agent something; a sleeping one is woken. Answered at once, unless told to wait.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      input: t.arg({ type: "JSON", required: true, description: 'Typically `{ text: "…" }`.' }),
      wait: t.arg.boolean({ defaultValue: false, description: "Answer only when the response has ended." }),
      timeoutSeconds: t.arg.int({
        description:
          `How long to wait, 1 to ${longestWaitSeconds}; then TIMEOUT, while the response goes on. ` +
          `Default: ${longestWaitSeconds}.`,
      }),
      whenBusy: t.arg({ type: WhenBusy, defaultValue: "QUEUE", description: "When others are unfinished." }),
      idempotencyKey: t.arg.string({ description: "Makes a repeated call answer with the first one's response." }),
    },
    resolve: async (_root, { agent: name, wait, timeoutSeconds, ...asked }, context) => {
      const seconds = timeoutSeconds ?? longestWaitSeconds;
      if (seconds < 1 || seconds > longestWaitSeconds) {
        throw badInput("timeoutSeconds", `"timeoutSeconds" must be from 1 to ${longestWaitSeconds}`);
      }
      const agent = await agentFor(context, name, "create", "responses");
      const response = await createResponse(context.gateway, agentRespondent(agent), asked);
      if (!wait) return response;
      await waitForEnd(context.gateway, response.id, seconds, context.signal);
      const ended = await context.gateway.store.response.findUnique({ where: { id: response.id } });
      if (!ended) throw notFound("Response", response.id); // deleted with its agent
      return ended;
    },
  }),
  updateResponse: t.field({
    type: Response,
    description: "Reports on a response from outside: items and text as they come, and at last how it ended.",
    args: {
      id: t.arg.id({ required: true }),
      agent: t.arg.id({ description: "The name of the agent it must belong to; one of another counts as missing." }),
      input: t.arg({ type: UpdateResponseInput, required: true }),
    },
    resolve: async (_root, { id, agent: name, input }, context) => {
      const { respondent } = await responseFor(context, id, "update", { agentName: name });
      return updateResponse(context.gateway, respondent, id, input);
    },
  }),
  cancelResponse: t.field({
    type: Response,
    description:
      "Stops a response, whether it waits or runs. What it recorded stays; a call it had begun gets a result that says so.",
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, context) => {
      const { respondent } = await responseFor(context, id, "update", { of: "respondent" });
      return cancelResponse(context.gateway, respondent, id);
    },
  }),
  cancelAgent: t.field({
    type: CancelledAgent,
    description: "Cancels everything the agent has not finished.",
    args: { name: t.arg.id({ required: true }) },
    resolve: async (_root, { name }, context) => {
      const agent = await agentFor(context, name, "update");
      return { name: agent.name, count: await cancelAll(context.gateway, agentRespondent(agent)) };
    },
  }),
}));
