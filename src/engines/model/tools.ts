import { posix } from "node:path";
import { z } from "zod";
import { GatewayError } from "../../errors.ts";
import { untilAborted } from "../abort.ts";
import { AGENT_FOLDER, runBash } from "../command.ts";
import type { EngineJob } from "../engine.ts";
import { truncated } from "../output-capture.ts";
import { editText, readText, relativePath } from "./files.ts";

const DEFAULT_TIMEOUT_SECONDS = 120;
const LONGEST_TIMEOUT_SECONDS = 3600;
const MOST_FILES_LISTED = 1000;

export interface ModelTool {
  readonly description: string;
  readonly schema: z.ZodType;
  /** Returns what the model reads; what the model did wrong is told there and not thrown. */
  run(job: EngineJob, args: unknown): Promise<string>;
}

const defineTool = <Schema extends z.ZodType>(
  description: string,
  schema: Schema,
  work: (job: EngineJob, args: z.output<Schema>) => Promise<string>,
): ModelTool => ({
  description,
  schema,
  run: async (job, args) => {
    const parsed = schema.safeParse(args);
    return parsed.success ? work(job, parsed.data) : `error: bad arguments\n${z.prettifyError(parsed.error)}`;
  },
});

const noNul = z.string().refine((text) => !text.includes("\0"), "must not contain NUL characters");
const path = noNul.describe(`Path below ${AGENT_FOLDER}, such as code/main.py or /agent/code/main.py`);

/** What a model can do in the agent's computer. */
export const tools: Readonly<Record<string, ModelTool>> = {
  bash: defineTool(
    "Runs a command with bash in the computer and returns its exit code, stdout and stderr.",
    z.object({
      command: noNul,
      cwd: noNul.optional().describe(`Working folder, default ${AGENT_FOLDER}`),
      timeout_seconds: z
        .number()
        .int()
        .min(1)
        .max(LONGEST_TIMEOUT_SECONDS)
        .optional()
        .describe(`Default ${DEFAULT_TIMEOUT_SECONDS}`),
    }),
    async (job, { command, cwd, timeout_seconds: seconds = DEFAULT_TIMEOUT_SECONDS }) => {
      const folder = posix.resolve(AGENT_FOLDER, cwd ?? ".");
      const report = await runBash(job, { command, cwd: folder, timeoutMs: seconds * 1000 });
      return report.output;
    },
  ),
  read_file: defineTool(
    "Reads a text file. Long files are shortened in the middle; read them in parts with start_line and line_count.",
    z.object({
      path,
      start_line: z.number().int().min(1).optional(),
      line_count: z.number().int().min(1).optional(),
    }),
    async (job, { path: file, start_line: start = 1, line_count: count }) => {
      const lines = (await readText(job, file)).split("\n");
      const end = count === undefined ? undefined : start - 1 + count;
      return truncated(lines.slice(start - 1, end).join("\n"));
    },
  ),
  write_file: defineTool(
    "Writes a file whole, making missing folders and replacing what was there.",
    z.object({ path, content: z.string() }),
    async (job, { path: file, content }) => {
      const bytes = Buffer.from(content);
      await untilAborted(job.signal, job.computer.writeFile(relativePath(file), bytes));
      return `Wrote ${bytes.length} bytes to ${file}`;
    },
  ),
  edit_file: defineTool(
    "Replaces text in a file. old_text must occur exactly once, spaces and line ends included.",
    z.object({ path, old_text: z.string().min(1), new_text: z.string() }),
    (job, { path: file, old_text: oldText, new_text: newText }) => editText(job, file, oldText, newText),
  ),
  list_files: defineTool(
    "Lists one folder: kind, size in bytes and name of each entry.",
    z.object({ path: path.optional() }),
    async (job, { path: folder = "." }) => {
      const entries = await untilAborted(job.signal, job.computer.listFiles(relativePath(folder)));
      const lines = entries.slice(0, MOST_FILES_LISTED).map(({ kind, size, name }) => `${kind} ${size} ${name}`);
      const more = entries.length - lines.length;
      return truncated([...lines, ...(more > 0 ? [`[… ${more} entries left out …]`] : [])].join("\n") || "(empty)");
    },
  ),
};

/**
 * Runs one tool call of the model and returns what the model is told, also when the call was wrong or failed.
 *
 * @throws the signal's reason when the job is aborted.
 */
export async function callTool(job: EngineJob, name: string, args: unknown): Promise<string> {
  job.signal.throwIfAborted();
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (!tool) return `error: there is no tool "${name}"; the tools are ${Object.keys(tools).join(", ")}`;
  try {
    return await tool.run(job, args);
  } catch (error) {
    job.signal.throwIfAborted();
    if (error instanceof GatewayError) return `error: ${error.message}`;
    throw error;
  }
}
