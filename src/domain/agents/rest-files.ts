import { z } from "zod";
import { moment, pageQuery } from "../../rest/fields.ts";
import { type Route, route } from "../../rest/route.ts";
import { longestFileBytes } from "../computers/file-schema.ts";
import { agentParams } from "./rest-agent.ts";

const tag = "Files";

const params = agentParams.extend({
  path: z.string().meta({ description: "Relative to `/agent`; slashes may be written `%2F`" }),
});

const kinds = { FILE: "file", DIRECTORY: "dir", SYMLINK: "symlink", OTHER: "other" } as const;

const File = z
  .object({
    name: z.string(),
    kind: z.enum(Object.values(kinds)),
    size: z.int().meta({ description: "Bytes" }),
    mode: z.string().meta({ description: "Permission bits in octal" }),
    mtime: moment("Last change"),
  })
  .meta({ id: "FileEntry" });

const example: z.input<typeof File> = {
  name: "main.py",
  kind: "file",
  size: 1024,
  mode: "0644",
  mtime: "2025-01-01T12:00:00.000Z",
};

const FileList = z
  .object({
    entries: z.array(File),
    offset: z.int32(),
    limit: z.int32(),
    next_offset: z.int32().nullable().meta({ description: "Where the next page begins; null on the last" }),
    total: z.int32(),
  })
  .meta({ id: "FileList" });

interface FileData {
  readonly kind: keyof typeof kinds;
}

const fileFields = "name kind size mode mtime: modifiedAt";
const presentFile = (file: FileData) => ({ ...file, kind: kinds[file.kind] });

interface ListData {
  readonly files: { readonly nodes: readonly FileData[]; readonly total: number; readonly next: number | null };
}

/** A folder: the whole one, or one below it. */
const listRouteOf = (path: `/agents/${string}`, name: string, pathParams: typeof agentParams | typeof params) =>
  route({
    method: "GET",
    path,
    tag,
    summary: "List a folder of an agent, by name",
    params: pathParams,
    query: pageQuery,
    document: /* GraphQL */ `
      query ${name}($name: ID!, $path: String, $first: Int, $offset: Int) {
        agent(name: $name) {
          files(path: $path, first: $first, offset: $offset) {
            nodes { ${fileFields} }
            total: totalCount
            next: nextOffset
          }
        }
      }
    `,
    variables: ({ params: given, query }) => ({
      name: given.name,
      path: ("path" in given && given.path) || ".",
      first: query.limit,
      offset: query.offset,
    }),
    presentFor: ({ files }: ListData, { query }) => ({
      entries: files.nodes.map(presentFile),
      ...query,
      next_offset: files.next,
      total: files.total,
    }),
    reply: {
      kind: "json",
      schema: FileList,
      example: { entries: [example], offset: 0, limit: 100, next_offset: null, total: 1 },
    },
    refusals: [400, 409],
  });

/** What is in an agent's folder (document C, later versions). Nobody looks inside while it sleeps. */
export const agentFileRoutes: readonly Route[] = [
  listRouteOf("/agents/:name/files/list", "RestFiles", agentParams),
  listRouteOf("/agents/:name/files/list/*path", "RestFilesBelow", params),
  route({
    method: "GET",
    path: "/agents/:name/files/metadata/*path",
    tag,
    summary: "Describe a file or a folder of an agent",
    params,
    document: /* GraphQL */ `
      query RestFile($name: ID!, $path: String!) {
        agent(name: $name) { file(path: $path) { ${fileFields} } }
      }
    `,
    variables: ({ params: given }) => given,
    present: ({ file }: { file: FileData }) => presentFile(file),
    reply: { kind: "json", schema: File, example },
    refusals: [400, 409],
  }),
  route({
    method: "GET",
    path: "/agents/:name/files/read/*path",
    tag,
    summary: "Read a file of an agent, of 25 MB at the most, as it is",
    params,
    document: /* GraphQL */ `
      query RestFileContent($name: ID!, $path: String!) {
        agent(name: $name) { file(path: $path) { name content(encoding: BASE64, maxBytes: ${longestFileBytes}) } }
      }
    `,
    variables: ({ params: given }) => given,
    present: ({ file: { name, content } }: { file: { name: string; content: string } }) => {
      const bytes = Buffer.from(content, "base64");
      return { bytes, name, headers: { "x-raworc-file-size": bytes.length } };
    },
    reply: { kind: "bytes", headers: { "X-Raworc-File-Size": "How many bytes the file has" } },
    refusals: [400, 409, 413],
  }),
  route({
    method: "DELETE",
    path: "/agents/:name/files/delete/*path",
    tag,
    summary: "Delete a file of an agent, or a folder with all that is in it",
    params,
    document: /* GraphQL */ `
      mutation RestDeleteFile($name: ID!, $path: String!) {
        deleteFile(agent: $name, path: $path)
      }
    `,
    variables: ({ params: given }) => given,
    present: () => ({ deleted: true }),
    reply: {
      kind: "json",
      schema: z.object({ deleted: z.literal(true) }).meta({ id: "FileDeleted" }),
      example: { deleted: true },
    },
    refusals: [400, 409],
  }),
];
