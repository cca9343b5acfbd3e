import { posix } from "node:path";
import { isAllowed } from "../../auth/policy.ts";
import { badInput } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { LogLine } from "../computers/schema.ts";
import { connectionCost } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import { limits } from "../../graphql/limits.ts";
import { live } from "../../graphql/live.ts";
import type { CommandOutcome } from "../computers/inside.ts";
import { agentFor, targetOf } from "./access.ts";
import { execInAgent, insideOf } from "./inside.ts";

/** What is read of a file unless more is asked for, and what may be asked for. */
const usualBytes = 1_048_576;
const mostBytes = 25 * 1_048_576;

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
        maxBytes: t.arg.int({ defaultValue: usualBytes, description: `${mostBytes} at the most.` }),
      },
      // One document reads one of the largest files, or a hundred usual ones.
      complexity: ({ maxBytes }) => ((maxBytes ?? usualBytes) > usualBytes ? 60_000 : 500),
      resolve: async ({ agent, path }, { encoding, maxBytes }, { gateway, signal }) => {
        const most = maxBytes ?? usualBytes;
        if (most < 0 || most > mostBytes) throw badInput("maxBytes", `"maxBytes" must be from 0 to ${mostBytes}`);
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
    nextOffset: t.exposeInt("nextOffset", { nullable: true, description: "Where the next page begins; null on the last." }),
  }),
});

interface FilePage {
  readonly files: readonly FileShape[];
  readonly total: number;
  readonly nextOffset: number | null;
}

const kinds = { file: "FILE", directory: "DIRECTORY", symlink: "SYMLINK", other: "OTHER" } as const;

const ExecResult = builder.objectRef<CommandOutcome>("ExecResult").implement({
  description: "How a command ended and what it printed; long output is shortened in the middle.",
  fields: (t) => ({
    end: t.exposeString("end", { description: "`exited`, `timedOut`, `aborted` or `containerLost`" }),
    exitCode: t.exposeInt("exitCode", { nullable: true, description: "Null unless it exited." }),
    stdout: t.exposeString("stdout"),
    stderr: t.exposeString("stderr"),
  }),
});

builder.mutationFields((t) => ({
  exec: t.field({
    type: ExecResult,
    authScopes: { signedIn: true },
    description: "Runs a command in the agent's computer and waits for it; the agent's secrets are its environment.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      command: t.arg.stringList({ required: true, description: "The program and its arguments; no shell in between." }),
      timeoutSeconds: t.arg.int({ description: "1 to 3600; 60 unless told otherwise." }),
    },
    resolve: async (_root, { agent: name, command, timeoutSeconds }, context) => {
      const agent = await agentFor(context, name, "update", "files");
      return execInAgent(context.gateway, agent, command, timeoutSeconds, context.signal);
    },
  }),
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

builder.subscriptionField("computerLogs", (t) =>
  t.field({
    type: LogLine,
    authScopes: { signedIn: true },
    description: "What the main process of an agent's computer printed, and prints.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      tail: t.arg.int({ defaultValue: 100, description: "How many lines of what was; 1000 at the most." }),
    },
    subscribe: async (_root, { agent: name, tail }, context) => {
      const lines = tail ?? 100;
      if (lines < 0 || lines > 1000) throw badInput("tail", `"tail" must be from 0 to 1000`);
      const agent = await agentFor(context, name, "get", "files");
      return live(context, {
        mayWatch: (principal) => isAllowed(principal, "get", "files", targetOf(agent)),
        open: (signal) => insideOf(context.gateway, agent, signal).logs(lines),
      });
    },
    resolve: (line) => line,
  }),
);
