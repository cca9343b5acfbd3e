import { builder } from "../../graphql/builder.ts";
import type { Context } from "../../graphql/context.ts";
import { type MaybePromise, whenThere } from "../../graphql/remembered.ts";
import { type Item, partnersIn } from "./items.ts";
import { itemsOfOne } from "./remembered.ts";

/** An item as it is shown; what it leads to is found among all items of its response. */
export const ResponseItem = builder.interfaceRef<Item>("ResponseItem").implement({
  description: "A step of a response.",
  resolveType: ({ raw }) => typeNames.get(raw.type) ?? "OtherItem",
  fields: (t) => ({
    seq: t.exposeInt("seq", {
      description: "Its place in the response's stream; ask for what comes after with `after`.",
    }),
    at: t.expose("at", { type: "DateTime" }),
    type: t.string({ resolve: ({ raw }) => raw.type }),
    raw: t.field({ type: "JSON", description: "The item as it was recorded.", resolve: ({ raw }) => raw }),
  }),
});

const typeNames: ReadonlyMap<string, string> = new Map([
  ["commentary", "CommentaryItem"],
  ["tool_call", "ToolCallItem"],
  ["tool_result", "ToolResultItem"],
  ["final", "FinalItem"],
]);

const textIn = ({ raw }: Item, key: string): string | null => {
  const value = raw[key];
  return typeof value === "string" ? value : null;
};

builder.objectRef<Item>("CommentaryItem").implement({
  description: "Thinking and analysis on the way.",
  interfaces: [ResponseItem],
  fields: (t) => ({
    channel: t.string({
      nullable: true,
      description: "Where it belongs, as the worker said.",
      resolve: (item) => textIn(item, "channel"),
    }),
    text: t.string({ resolve: (item) => textIn(item, "text") ?? "" }),
  }),
});

/** The result of a call or the call of a result. All items are read, for those that were asked for may end between. */
const partnerOf = ({ responseId, seq }: Item, context: Context): MaybePromise<Item | null> =>
  whenThere(itemsOfOne(context, responseId, {}), (items) => partnersIn(items).get(seq) ?? null);

const ToolCallItem = builder.objectRef<Item>("ToolCallItem");
const ToolResultItem = builder.objectRef<Item>("ToolResultItem");

ToolCallItem.implement({
  description: "A tool is about to be used; the next result of the same tool answers it.",
  interfaces: [ResponseItem],
  fields: (t) => ({
    tool: t.string({ description: "The tool's name.", resolve: (item) => textIn(item, "tool") ?? "" }),
    args: t.field({
      type: "JSON",
      nullable: true,
      description: "What the tool was given.",
      resolve: ({ raw }) => raw["args"] ?? null,
    }),
    result: t.field({
      type: ToolResultItem,
      nullable: true,
      description: "What the tool answered; null until it has.",
      resolve: (item, _args, context) => partnerOf(item, context),
    }),
  }),
});

ToolResultItem.implement({
  description: "What a tool answered: text, or any JSON.",
  interfaces: [ResponseItem],
  fields: (t) => ({
    tool: t.string({ description: "The tool's name.", resolve: (item) => textIn(item, "tool") ?? "" }),
    output: t.field({ type: "JSON", nullable: true, resolve: ({ raw }) => raw["output"] ?? null }),
    call: t.field({
      type: ToolCallItem,
      nullable: true,
      description: "What it answers; null when no call of that tool was recorded before it.",
      resolve: (item, _args, context) => partnerOf(item, context),
    }),
  }),
});

builder.objectRef<Item>("FinalItem").implement({
  description: "The answer; it mirrors `output.text`.",
  interfaces: [ResponseItem],
  fields: (t) => ({
    channel: t.string({
      nullable: true,
      description: "Where it belongs, as the worker said.",
      resolve: (item) => textIn(item, "channel"),
    }),
    text: t.string({ resolve: (item) => textIn(item, "text") ?? "" }),
  }),
});

builder.objectRef<Item>("OtherItem").implement({
  description: "An item of a type that only its worker knows; see `raw`.",
  interfaces: [ResponseItem],
});
