import type Docker from "dockerode";
import { z } from "zod";
import { deploymentLabel } from "../labels.ts";
import { call, callOrNull, type Engine } from "./engine.ts";

export const helperLabel = "raworc.helper";
/** Of a helper that never runs: the process that has it in use, as long as it says so. */
export const helperOfLabel = "raworc.helper-of";
const staleSeconds = 3_600;
const endedSeconds = 60;
const helperEnd = z.object({ StatusCode: z.number() });

interface Helper {
  /** Fixed by what the helper is for, so that a new one takes the place of one that a crash left. */
  readonly name: string;
  readonly options: Docker.ContainerCreateOptions;
  readonly timeoutMs: number;
}

/** Runs a short-lived container to its end and removes it, whatever happens. */
export async function runHelper(engine: Engine, { name, options, timeoutMs }: Helper) {
  const Labels = { [helperLabel]: name, [deploymentLabel]: engine.options.deployment };
  await removeHelper(engine, name);
  const create = { Image: engine.options.image, ...options, name, Labels };
  const container = await call(engine, { what: `make helper "${name}"`, timeoutMs: 60_000 }, (abortSignal) =>
    engine.docker.createContainer({ ...create, abortSignal }),
  );
  try {
    const start = { what: `start helper "${name}"`, timeoutMs: 60_000 };
    await engine.starts(() => call(engine, start, (abortSignal) => container.start({ abortSignal })));
    const exitCode = await exitCodeOf(engine, container, name, timeoutMs);
    return { exitCode, output: await outputOf(engine, container, name) };
  } finally {
    await removeHelper(engine, name);
  }
}

export async function removeHelper(engine: Engine, name: string): Promise<void> {
  await callOrNull(engine, { what: `remove helper "${name}"`, timeoutMs: 60_000 }, (abortSignal) =>
    engine.docker.getContainer(name).remove({ force: true, v: true, abortSignal }),
  );
}

/**
 * Removes what holds a volume open for other processes. Where one of them is still reading or writing, the engine lets it
 * finish first; what a dead one left is gone at once.
 */
export async function removeCarriers(engine: Engine, volume: string): Promise<void> {
  const filters = JSON.stringify({ volume: [volume], label: [helperOfLabel] });
  const carriers = await call(engine, { what: `find what holds volume "${volume}"` }, (abortSignal) =>
    engine.docker.listContainers({ all: true, filters, abortSignal }),
  );
  const others = carriers.filter(({ Labels }) => Labels[helperOfLabel] !== engine.process);
  for (const { Id } of others) await removeHelper(engine, Id);
}

/** Removes helpers that no process can still be waiting for. */
export async function removeStaleHelpers(engine: Engine, listed: readonly Docker.ContainerInfo[], nowSeconds: number) {
  const helpers = listed.filter(({ Labels }) => Labels[helperLabel] !== undefined);
  for (const helper of helpers) if (isStale(engine, helper, nowSeconds)) await removeHelper(engine, helper.Id);
}

/** True for one of ours that is not in use, for one that ended a minute ago, and for any that is very old. */
function isStale({ process, helpersInUse }: Engine, helper: Docker.ContainerInfo, nowSeconds: number): boolean {
  const { Names, Created, State, Labels } = helper;
  const user = Labels[helperOfLabel];
  if (user === process) return !Names.some((path) => helpersInUse.has(path.slice(1)));
  const mayBeInUse = State === "running" || user !== undefined;
  return nowSeconds - Created > (mayBeInUse ? staleSeconds : endedSeconds);
}

async function exitCodeOf(
  engine: Engine,
  container: Docker.Container,
  name: string,
  timeoutMs: number,
): Promise<number> {
  const of = { what: `await helper "${name}"`, timeoutMs };
  const ended: unknown = await call(engine, of, (abortSignal) => container.wait({ abortSignal }));
  return helperEnd.parse(ended).StatusCode;
}

/** The end of what it printed, as text; frames of the log stream are cut out. */
async function outputOf(engine: Engine, container: Docker.Container, name: string): Promise<string> {
  const log = await call(engine, { what: `read the log of helper "${name}"` }, (abortSignal) =>
    container.logs({ stdout: true, stderr: true, tail: 200, abortSignal }),
  );
  const lines: string[] = [];
  for (let at = 0; at + 8 <= log.length; ) {
    const size = log.readUInt32BE(at + 4);
    lines.push(log.subarray(at + 8, at + 8 + size).toString());
    at += 8 + size;
  }
  return lines.join("");
}
