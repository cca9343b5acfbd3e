import { isAllowed } from "../../auth/policy.ts";
import { followLog } from "../../events/follow.ts";
import { headOf } from "../../events/read.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { Gateway } from "../../gateway.ts";
import type { Response as ResponseRow } from "../../store/generated/client/client.ts";
import { agentFor, targetOf } from "../agents/access.ts";
import { agentOf } from "../agents/change.ts";
import { responseFactsOf } from "./change.ts";
import { ResponseItem } from "./item-schema.ts";
import { followResponse, type Progress } from "./progress.ts";
import { responseFor } from "./queries.ts";
import { responseStream } from "./response.ts";
import { Response, ResponseStatus } from "./schema.ts";

const ProgressKind = builder.enumType("ProgressKind", {
  description: "`ITEM` a step · `STATUS` · `TEXT` the output's text was replaced · `DELTA` passing text, live only",
  values: ["ITEM", "STATUS", "TEXT", "DELTA"] as const,
});

const ResponseProgress = builder.objectRef<Progress>("ResponseProgress").implement({
  description: "Something that happened to a response. Ends after the one terminal status.",
  fields: (t) => ({
    seq: t.exposeInt("seq", { nullable: true, description: "Gapless; ask again with `after`. Null for a DELTA." }),
    at: t.expose("at", { type: "DateTime", nullable: true }),
    kind: t.expose("kind", { type: ProgressKind }),
    item: t.field({
      type: ResponseItem,
      nullable: true,
      description: "The step, with ITEM.",
      resolve: ({ responseId, item, seq, at }) =>
        item && seq !== null && at ? { responseId, seq, at, raw: item } : null,
    }),
    status: t.expose("status", {
      type: ResponseStatus,
      nullable: true,
      description: "Where it now stands, with STATUS.",
    }),
    text: t.exposeString("text", {
      nullable: true,
      description: "The output's text, with TEXT and the terminal STATUS.",
    }),
    delta: t.expose("delta", {
      type: "JSON",
      nullable: true,
      description:
        "`{ channel, text, restart }`. An ITEM stands for what passed before it. `restart: true` says to forget what " +
        "passed since the newest ITEM: the step broke off and begins again with this text.",
    }),
    response: t.prismaField({
      type: "Response",
      nullable: true,
      description: "The response as it is now; null once it is deleted.",
      resolve: (query, { responseId }, _args, { gateway }) =>
        gateway.store.response.findUnique({ ...query, where: { id: responseId } }),
    }),
  }),
});

builder.subscriptionFields((t) => ({
  responseProgress: t.field({
    type: ResponseProgress,
    description: "Everything that happens to a response after a place in its stream: first what was, then live.",
    args: { id: t.arg.id({ required: true }), after: t.arg.int({ defaultValue: 0 }) },
    subscribe: async (_root, { id, after }, context) => {
      const { respondent } = await responseFor(context, id, "get");
      return live(context, {
        mayWatch: (principal) => isAllowed(principal, "get", respondent.responseResource, respondent.target),
        shared: {
          name: responseStream(id),
          after: BigInt(after ?? 0),
          argument: "after",
          open: (place, signal, onPresent) => followResponse(context.gateway, id, Number(place), signal, { onPresent }),
          placeOf: ({ seq }) => (seq === null ? null : BigInt(seq)),
          passingOf: ({ delta }) => delta,
        },
      });
    },
    resolve: (progress) => progress,
  }),
  responseQueued: t.field({
    type: Response,
    description:
      "An outside worker's inbox: first the responses that wait for the agent, then every new one. Ends when the agent " +
      "is deleted.",
    args: { agent: t.arg.id({ required: true, description: "The agent's name." }) },
    subscribe: async (_root, { agent: name }, context) => {
      const agent = await agentFor(context, name, "get", "responses");
      return live(context, {
        mayWatch: (principal) => isAllowed(principal, "get", "responses", targetOf(agent)),
        open: (signal) => inbox(context.gateway, agent, signal),
      });
    },
    resolve: (response) => response,
  }),
}));

/** The responses that wait for an agent, each once, for as long as there is the agent. */
async function* inbox(
  gateway: Gateway,
  agent: { readonly id: string; readonly spaceName: string },
  signal: AbortSignal,
): AsyncGenerator<ResponseRow, void, undefined> {
  // The place is taken before anything is read, so what comes between the two is in one of them.
  const place = await headOf(gateway.store, "*");
  if ((await gateway.store.agent.count({ where: { id: agent.id } })) === 0) return;
  const waiting = await gateway.store.response.findMany({
    where: { respondentId: agent.id, status: "PENDING" },
    orderBy: [{ priority: "desc" }, { createdAt: "asc" }, { id: "asc" }],
  });
  yield* waiting;
  const seen = new Set(waiting.map(({ id }) => id));
  const filter = { types: ["response.status", "agent.deleted"], spaces: [agent.spaceName] };
  for await (const followed of followLog(gateway, filter, place, signal)) {
    if (followed.kind === "delta") continue;
    const { event } = followed;
    if (event.type === "agent.deleted" && agentOf(event).id === agent.id) return;
    const { id, agentId, status } = responseFactsOf(event);
    if (agentId !== agent.id || status !== "PENDING" || seen.delete(id)) continue;
    const response = await gateway.store.response.findUnique({ where: { id } });
    if (response) yield response;
  }
}
