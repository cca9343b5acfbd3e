import { badInput } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import {
  ContentEncoding,
  File,
  FilePage,
  fileArgs,
  folderArgs,
  folderCost,
  readFile,
  readFolder,
} from "../computers/file-schema.ts";
import { agentFor, requireOnAgent } from "./access.ts";
import { insideOf } from "./inside.ts";

builder.prismaObjectFields("Agent", (t) => ({
  files: t.field({
    type: FilePage,
    complexity: folderCost,
    description: "What is in a folder of the agent's computer. CONFLICT while it sleeps.",
    args: folderArgs,
    resolve: async (agent, args, context) => {
      requireOnAgent(context, "get", "files", agent);
      return readFolder(insideOf(context.gateway, agent, context.signal), args);
    },
  }),
  file: t.field({
    type: File,
    complexity: 100,
    description: "One file or folder of the agent's computer. CONFLICT while it sleeps.",
    args: fileArgs,
    resolve: async (agent, { path }, context) => {
      requireOnAgent(context, "get", "files", agent);
      return readFile(insideOf(context.gateway, agent, context.signal), path);
    },
  }),
}));

builder.mutationFields((t) => ({
  writeFile: t.field({
    type: File,
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
      return readFile(inside, path);
    },
  }),
  deleteFile: t.boolean({
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
