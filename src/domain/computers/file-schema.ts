import { posix } from "node:path";
import { badInput } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionCost } from "../../graphql/connection.ts";
import { limits } from "../../graphql/limits.ts";
import type { FileEntry } from "../../runtime/runtime.ts";
import type { Inside } from "./inside.ts";

/** The longest file that can be read whole. */
export const longestFileBytes = 25 * 1_048_576;

/** What is read of a file unless more is asked for. */
const usualBytes = 1_048_576;

export const ContentEncoding = builder.enumType("ContentEncoding", {
  description: "How the bytes of a file are written as text.",
  values: ["UTF8", "BASE64"] as const,
});

interface FileShape {
  readonly inside: Inside;
  readonly path: string;
  readonly entry: FileEntry;
}

const FileKind = builder.enumType("FileKind", {
  description: "What an entry of a folder is.",
  values: ["FILE", "DIRECTORY", "SYMLINK", "OTHER"] as const,
});

/** A file or folder of a computer, of whoever's. */
export const File = builder.objectRef<FileShape>("AgentFile").implement({
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
      resolve: async ({ inside, path }, { encoding, maxBytes }) => {
        const most = maxBytes ?? usualBytes;
        if (most < 0 || most > longestFileBytes) {
          throw badInput("maxBytes", `"maxBytes" must be from 0 to ${longestFileBytes}`);
        }
        const bytes = await inside.read(path, most);
        return Buffer.from(bytes).toString(encoding === "BASE64" ? "base64" : "utf8");
      },
    }),
  }),
});

/** A page of a folder. */
export const FilePage = builder.objectRef<FilePageShape>("AgentFilePage").implement({
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

interface FilePageShape {
  readonly files: readonly FileShape[];
  readonly total: number;
  readonly nextOffset: number | null;
}

const kinds = { file: "FILE", directory: "DIRECTORY", symlink: "SYMLINK", other: "OTHER" } as const;

/** The arguments that say which part of which folder is to be read. */
export const folderArgs = builder.args((t) => ({
  path: t.string({ defaultValue: ".", description: "Relative to `/agent`." }),
  first: t.int({ defaultValue: 100, description: `How many; ${limits.pageSize} at the most.` }),
  offset: t.int({ defaultValue: 0, description: "How many to pass over." }),
}));

/** What a page of a folder costs: one look, and as many times what is asked of one file. */
export const folderCost = ({ first }: FolderArgs) => ({ ...connectionCost({ first }), field: 100 });

/** The argument that names a file. */
export const fileArgs = builder.args((t) => ({
  path: t.string({ required: true, description: "Relative to `/agent`." }),
}));

/** What a caller says of a folder. */
export interface FolderArgs {
  readonly path?: string | null | undefined;
  readonly first?: number | null | undefined;
  readonly offset?: number | null | undefined;
}

/** One file or folder. */
export const readFile = async (inside: Inside, path: string): Promise<FileShape> => ({
  inside,
  path,
  entry: await inside.stat(path),
});

/**
 * A page of what is in a folder. Folders have an order of their own in each runtime; pages need one that stays.
 *
 * @throws BAD_USER_INPUT for a page that cannot be.
 */
export async function readFolder(inside: Inside, args: FolderArgs): Promise<FilePageShape> {
  const [folder, first, offset] = [args.path ?? ".", args.first ?? 100, args.offset ?? 0];
  if (first < 0 || first > limits.pageSize) throw badInput("first", `"first" must be from 0 to ${limits.pageSize}`);
  if (offset < 0) throw badInput("offset", `"offset" must be 0 or more`);
  const entries = (await inside.list(folder)).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const next = offset + first;
  return {
    files: entries.slice(offset, next).map((entry) => ({ inside, entry, path: posix.join(folder, entry.name) })),
    total: entries.length,
    nextOffset: next < entries.length ? next : null,
  };
}
