import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { type OutputChunk, type Plugin, rolldown } from "rolldown";

const root = dirname(import.meta.dirname);
const libraries = /[\\/]node_modules[\\/]/;

/** What stays outside, and why. */
const outside = {
  hasNativeCodeOrFilesBesideIt: [
    "@node-rs/argon2",
    "better-sqlite3",
    "@prisma/schema-engine-wasm",
    "pino",
    "pino-pretty",
    "@fastify/swagger-ui",
  ],
  isLargeAndLoadedByFew: ["just-bash", "@graphql-yoga/render-graphiql"],
  isLeftOutAtTheStart: ["@grpc/grpc-js", "@grpc/proto-loader", "ssh2"], // scripts/unused-libraries.cjs
  isNotInstalled: ["pg-native"],
};

/** Bundled, though they name the place they are in: only in what the gateway does not call, or to do without it. */
const placeless = [
  "dockerode/lib/session.js",
  "dockerode/lib/buildkit.js",
  "undici/index.js",
  "@graphql-tools/merge/esm/merge-resolvers.js",
  "@fastify/swagger/lib/util/read-package-json.js",
];

/**
 * Writes the program into `folder`: the gateway's own modules in one file, and the libraries as Node would load them in
 * others, with what is loaded later in files of its own. Only the former have source maps.
 *
 * @throws {Error} when a library asks for its own place and is not known to do without the answer, or when what is to be
 *   loaded later is imported at the start too.
 */
export async function bundle(folder: string): Promise<void> {
  const plugins = [keepPlaces(folder), refusePlaces];
  const external = Object.values(outside)
    .flat()
    .map((name) => new RegExp(`^${name}(/|$)`));
  const checks = { sourcemapBroken: false }; // what `keepPlaces` changes is within a line, and the maps tell lines
  const program = await rolldown({
    cwd: root,
    input: "src/main.ts",
    platform: "node",
    external,
    plugins,
    checks,
    onLog: (level, log, pass) => pass(log.code === "INEFFECTIVE_DYNAMIC_IMPORT" ? "error" : level, log),
  });
  const { output } = await program.generate({
    dir: folder,
    format: "esm",
    comments: false,
    sourcemap: "hidden",
    sourcemapExcludeSources: true,
    codeSplitting: { groups: [{ name: "libraries", test: libraries, entriesAware: true }] },
  });
  await program.close();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const chunk of output) if (chunk.type === "chunk") await write(folder, chunk);
}

/** A module finds the files it names by its place as if it were still a file of its own, below `dist`. */
const keepPlaces = (folder: string): Plugin => ({
  name: "keep-places",
  transform: {
    filter: { id: /\.ts$/, code: "import.meta.url" },
    handler(code, id) {
      const place = relative(folder, join(root, "dist", relative(join(root, "src"), id)));
      const url = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
      return { code: code.replaceAll("import.meta.url", url), map: null };
    },
  },
});

const refusePlaces: Plugin = {
  name: "refuse-places",
  transform: {
    filter: { id: libraries, code: /\b__(dirname|filename)\b|\bimport\.meta\b/ },
    handler(_code, id) {
      if (placeless.some((file) => id.endsWith(`/node_modules/${file}`))) return;
      throw new Error(`${id} asks for its own place: leave the library outside, or say why that is no matter`);
    },
  },
};

async function write(folder: string, { fileName, code, map, moduleIds }: OutputChunk): Promise<void> {
  const file = join(folder, fileName);
  if (!map || moduleIds.every((id) => libraries.test(id))) return writeFile(file, inAscii(code));
  await writeFile(`${file}.map`, JSON.stringify({ ...map, names: [], mappings: linesOnly(map.mappings) }));
  await writeFile(file, `${inAscii(code)}\n//# sourceMappingURL=${fileName}.map\n`);
}

/** V8 keeps a source that has one letter beyond Latin-1 in two bytes for each of its letters. */
function inAscii(code: string): string {
  if (/\braw`[^`]*[\u0080-\uffff]/.test(code)) throw new Error("A raw text has letters that cannot be escaped");
  return code.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Keeps of a map where a line of a source begins: Node holds all of a map once it has named one place of it. */
function linesOnly(mappings: string): string {
  return encode(decode(mappings).map((line) => line.filter(isMapped).filter(beginsLine)));
}

const isMapped = (segment: SourceMapSegment): segment is Mapped => segment.length > 1;

const beginsLine = ([, source, line]: Mapped, place: number, segments: readonly Mapped[]) => {
  const before = segments[place - 1];
  return before?.[1] !== source || before[2] !== line;
};

type Mapped = Exclude<SourceMapSegment, [number]>;
