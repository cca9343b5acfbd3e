import { posix } from "node:path";
import { badInput } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionCost } from "../../graphql/connection.ts";
import { limits } from "../../graphql/limits.ts";
import type { FileEntry } from "../../runtime/runtime.ts";
import type { Agent as AgentRow } from "../../store/generated/client/client.ts";
import { agentFor, requireOnAgent } from "./access.ts";
import { insideOf, longestFileBytes } from "./inside.ts";

/** What is read of a file unless more is asked for. */
const usualBytes = 1_048_576;

const ContentEncoding = builder.enumType("ContentEncoding", {
  description: "How the bytes of a file are written as text.",
  values: ["UTF8", "BASE64"] as const,
});

interface FileShape {
  readonly agent: AgentRow;
  readonly path: string;
  readonly entry: FileEntry;
}

const FileKind = builder.enumType("FileKind", {
  description: "What an entry of a folder is.",
  values: ["FILE", "DIRECTORY", "SYMLINK", "OTHER"] as const,
});

const File = builder.objectRef<FileShape>("AgentFile").implement({
  description: "A file or folder below `/agent`.",
  fields: (t) => ({
    path: t.exposeString("path", { description: "Relative to `/agent`." }),
    name: t.string({ resolve: ({ entry }) => entry.name }),
    kind: t.field({ type: FileKind, resolve: ({ entry }) => kinds[entry.kind] }),
    size: t.float({ description: "Bytes.", resolve: ({ entry }) => entry.size }),
    mode: t.string({ description: "Permission bits in octal.", resolve: ({ entry }) => entry.mode }),
    modifiedAt: t.field({ type: "DateTime", resolve: ({ entry }) => entry.mtime }),
    content: t.string({
      description: "PAYLOAD_TOO_LARGE when there is more than `maxBytes` of it.",
      args: {
        encoding: t.arg({ type: ContentEncoding, defaultValue: "UTF8", description: "How to write it as text." }),
        maxBytes: t.arg.int({ defaultValue: usualBytes, description: `${longestFileBytes} at the most.` }),
      },
      // One document reads one of the largest files, or a hundred usual ones.
      complexity: ({ maxBytes }) => ((maxBytes ?? usualBytes) > usualBytes ? 60_000 : 500),
      resolve: async ({ agent, path }, { encoding, maxBytes }, { gateway, signal }) => {
        const most = maxBytes ?? usualBytes;
        if (most < 0 || most > longestFileBytes) {
          throw badInput("maxBytes", `"maxBytes" must be from 0 to ${longestFileBytes}`);
        }
        const bytes = await insideOf(gateway, agent, signal).read(path, most);
        return Buffer.from(bytes).toString(encoding === "BASE64" ? "base64" : "utf8");
      },
    }),
  }),
});

const FilePageType = builder.objectRef<FilePage>("AgentFilePage").implement({
  description: "Some of what is in a folder, by name.",
  fields: (t) => ({
    nodes: t.field({ type: [File], complexity: { field: 0, multiplier: 1 }, resolve: ({ files }) => [...files] }),
    totalCount: t.exposeInt("total", { description: "How many there are on all pages." }),
    nextOffset: t.exposeInt("nextOffset", {
      nullable: true,
      description: "Where the next page begins; null on the last.",
    }),
  }),
});

interface FilePage {
  readonly files: readonly FileShape[];
  readonly total: number;
  readonly nextOffset: number | null;
}

const kinds = { file: "FILE", directory: "DIRECTORY", symlink: "SYMLINK", other: "OTHER" } as const;

builder.prismaObjectFields("Agent", (t) => ({
  files: t.field({
    type: FilePageType,
    complexity: ({ first }) => ({ ...connectionCost({ first }), field: 100 }),
    description: "What is in a folder of the agent's computer. CONFLICT while it sleeps.",
    args: {
      path: t.arg.string({ defaultValue: ".", description: "Relative to `/agent`." }),
      first: t.arg.int({ defaultValue: 100, description: `How many; ${limits.pageSize} at the most.` }),
      offset: t.arg.int({ defaultValue: 0, description: "How many to pass over." }),
    },
    resolve: async (agent, { path, first, offset }, context) => {
      requireOnAgent(context, "get", "files", agent);
      const page = checkPage(first ?? 100, offset ?? 0);
      const folder = path ?? ".";
      const entries = await insideOf(context.gateway, agent, context.signal).list(folder);
      return pageOf(entries, page, (entry) => ({ agent, entry, path: posix.join(folder, entry.name) }));
    },
  }),
  file: t.field({
    type: File,
    complexity: 100,
    description: "One file or folder of the agent's computer. CONFLICT while it sleeps.",
    args: { path: t.arg.string({ required: true, description: "Relative to `/agent`." }) },
    resolve: async (agent, { path }, context) => {
      requireOnAgent(context, "get", "files", agent);
      return { agent, path, entry: await insideOf(context.gateway, agent, context.signal).stat(path) };
    },
  }),
}));

interface Page {
  readonly first: number;
  readonly offset: number;
}

function checkPage(first: number, offset: number): Page {
  if (first < 0 || first > limits.pageSize) throw badInput("first", `"first" must be from 0 to ${limits.pageSize}`);
  if (offset < 0) throw badInput("offset", `"offset" must be 0 or more`);
  return { first, offset };
}

/** Folders have an order of their own in each runtime; pages need one that stays. */
function pageOf(
  entries: readonly FileEntry[],
  { first, offset }: Page,
  fileOf: (entry: FileEntry) => FileShape,
): FilePage {
  const sorted = entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const next = offset + first;
  return {
    files: sorted.slice(offset, next).map(fileOf),
    total: entries.length,
    nextOffset: next < entries.length ? next : null,
  };
}

builder.mutationFields((t) => ({
  writeFile: t.field({
    type: File,
    authScopes: { signedIn: true },
    description: "Writes a file in the agent's computer, whole and at once; makes missing folders.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      path: t.arg.string({ required: true, description: "Relative to `/agent`." }),
      content: t.arg.string({ required: true }),
      encoding: t.arg({ type: ContentEncoding, defaultValue: "UTF8", description: "How `content` is written." }),
    },
    resolve: async (_root, { agent: name, path, content, encoding }, context) => {
      const agent = await agentFor(context, name, "update", "files");
      const inside = insideOf(context.gateway, agent, context.signal);
      await inside.write(path, bytesOf(content, encoding ?? "UTF8"));
      return { agent, path, entry: await inside.stat(path) };
    },
  }),
  deleteFile: t.boolean({
    authScopes: { signedIn: true },
    description: "Removes a file, or a folder with all that is in it, from the agent's computer.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      path: t.arg.string({ required: true, description: "Relative to `/agent`." }),
    },
    resolve: async (_root, { agent: name, path }, context) => {
      const agent = await agentFor(context, name, "update", "files");
      await insideOf(context.gateway, agent, context.signal).remove(path);
      return true;
    },
  }),
}));

function bytesOf(content: string, encoding: "UTF8" | "BASE64"): Uint8Array {
  if (encoding === "UTF8") return new TextEncoder().encode(content);
  if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(content)) throw badInput("content", `"content" must be base64`);
  return Buffer.from(content, "base64");
}
