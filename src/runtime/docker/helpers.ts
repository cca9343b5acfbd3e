import type Docker from "dockerode";
import { z } from "zod";
import { deploymentLabel } from "../labels.ts";
import { call, callOrNull, type Engine } from "./engine.ts";

export const helperLabel = "raworc.helper";
const staleSeconds = 3_600;
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

/** Removes helpers that no process can still be waiting for: ended ones of a minute ago, and very old ones. */
export async function removeStaleHelpers(engine: Engine, listed: readonly Docker.ContainerInfo[], nowSeconds: number) {
  for (const { Id, Created, State, Labels } of listed) {
    const age = nowSeconds - Created;
    if (Labels[helperLabel] === undefined || age < 60) continue;
    if (State !== "running" || age > staleSeconds) await removeHelper(engine, Id);
  }
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
