import type { LogEvent } from "../../events/event.ts";
import { followLog, type FollowOptions } from "../../events/follow.ts";
import { type EventFilter as LogFilter, matches, placeInLog, readLog, whereOf } from "../../events/read.ts";
import { badInput } from "../../errors.ts";
import { requireAccount } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionCost, PageInfo, spellingCost } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import { limits } from "../../graphql/limits.ts";
import { live } from "../../graphql/live.ts";
import { visibleEvents } from "./visible-events.ts";

const Event = builder.objectRef<LogEvent>("Event").implement({
  description: "One line of the log: something changed, and everything about it is stored.",
  fields: (t) => ({
    cursor: t.field({ type: "Cursor", description: "Gapless over the whole log.", resolve: ({ id }) => id }),
    stream: t.exposeString("stream", { description: "Such as `agent:demo` or `response:<id>`." }),
    seq: t.exposeInt("seq", { description: "Gapless within the stream." }),
    type: t.exposeString("type"),
    payload: t.field({
      type: "JSON",
      description: "What changed; its shape goes with `type`.",
      resolve: ({ payload }) => payload,
    }),
    actor: t.exposeString("actor", { nullable: true, description: "A user name; null for the gateway itself." }),
    space: t.exposeString("space", { nullable: true }),
    at: t.expose("at", { type: "DateTime" }),
  }),
});

const EventFilter = builder.inputType("EventFilter", {
  description: "Which events; every condition must hold.",
  fields: (t) => ({
    streams: t.stringList({ description: "Of one of these streams." }),
    streamPrefix: t.string({ description: "Of a stream that begins so, such as `agent:`." }),
    types: t.stringList({ description: "Of one of these types." }),
    spaces: t.stringList({ description: "In one of these spaces." }),
  }),
});

const EventEdge = builder.objectRef<LogEvent>("EventEdge").implement({
  description: "One event of a stretch of the log, with its place in it.",
  fields: (t) => ({
    cursor: t.field({
      type: "Cursor",
      description: "Ask for what comes after it with `after`.",
      resolve: ({ id }) => id,
    }),
    node: t.field({ type: Event, resolve: (event) => event }),
  }),
});

interface EventPage {
  readonly events: readonly LogEvent[];
  readonly after: bigint;
  readonly more: boolean;
  readonly through: bigint;
  readonly total: () => Promise<number>;
}

const EventConnection = builder.objectRef<EventPage>("EventConnection").implement({
  description: "A stretch of the log.",
  fields: (t) => ({
    nodes: t.field({ type: [Event], complexity: spellingCost, resolve: ({ events }) => events }),
    edges: t.field({ type: [EventEdge], complexity: spellingCost, resolve: ({ events }) => events }),
    pageInfo: t.field({
      type: PageInfo,
      description: "Its `endCursor` is how far the log was looked through: the end of the log on the last page.",
      resolve: ({ events, after, through, more }) => ({
        hasNextPage: more,
        hasPreviousPage: after > 0n,
        startCursor: () => events[0]?.id.toString() ?? null,
        endCursor: () => through.toString(),
      }),
    }),
    hasNextPage: t.boolean({ resolve: ({ more }) => more }),
    endCursor: t.field({ type: "Cursor", description: "Go on after it.", resolve: ({ through }) => through }),
    totalCount: t.int({ resolve: ({ total }) => total() }),
  }),
});

const oldCursors =
  "A cursor older than the oldest kept event is refused with BAD_USER_INPUT; go on from `extensions.oldestCursor`.";

builder.queryField("events", (t) =>
  t.field({
    type: EventConnection,
    complexity: connectionCost,
    description: "The log, in the order of its commits: what happened to the things the caller may list, or made.",
    args: {
      after: t.arg({ type: "Cursor", description: oldCursors }),
      filter: t.arg({ type: EventFilter }),
      first: t.arg.int({ defaultValue: 100 }),
    },
    resolve: async (_root, { after, filter, first }, context) => {
      const size = first ?? 100;
      if (size < 0 || size > limits.pageSize) throw badInput("first", `"first" must be from 0 to ${limits.pageSize}`);
      const { store } = context.gateway;
      const visible = { ...filterOf(filter), ...visibleEvents(requireAccount(context)) };
      const page = await readLog(store, visible, after ?? 0n, size);
      await placeInLog(store, after); // after the reading, for the log may be shortened meanwhile
      return { ...page, after: after ?? 0n, total: () => store.event.count({ where: whereOf(visible) }) };
    },
  }),
);

builder.subscriptionField("events", (t) =>
  t.field({
    type: Event,
    description: "The log as it grows, from a cursor or from now on.",
    args: { after: t.arg({ type: "Cursor", description: oldCursors }), filter: t.arg({ type: EventFilter }) },
    subscribe: async (_root, { after, filter }, context: Context) => {
      requireAccount(context);
      const place = await placeInLog(context.gateway.store, after);
      return live<LogEvent>(context, {
        mayWatch: () => true,
        maySee: (principal, event) => matches(visibleEvents(principal), event),
        shared: {
          name: `events ${JSON.stringify(filterOf(filter))}`,
          after: place,
          argument: "after",
          open: (from, signal, onPresent) => eventsOf(context, filterOf(filter), from ?? place, signal, { onPresent }),
          placeOf: ({ id }) => id,
        },
      });
    },
    resolve: (event) => event,
  }),
);

async function* eventsOf(
  context: Context,
  filter: LogFilter,
  after: bigint,
  signal: AbortSignal,
  options: FollowOptions,
) {
  for await (const followed of followLog(context.gateway, filter, after, signal, options)) {
    if (followed.kind === "event") yield followed.event;
  }
}

const filterOf = (filter: FilterInput | null | undefined): LogFilter => ({
  ...(filter?.streams ? { streams: filter.streams } : {}),
  ...(filter?.streamPrefix == null ? {} : { streamPrefix: filter.streamPrefix }),
  ...(filter?.types ? { types: filter.types } : {}),
  ...(filter?.spaces ? { spaces: filter.spaces } : {}),
});

type FilterInput = NonNullable<(typeof EventFilter)["$inferInput"]>;
