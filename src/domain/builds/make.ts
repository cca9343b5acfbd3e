import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { GatewayError, unavailable } from "../../errors.ts";
import type { Gateway } from "../../gateway.ts";
import { checkImageAllowed } from "../../runtime/allowed-images.ts";
import type { ImageDraft } from "../../runtime/runtime.ts";
import type { Build } from "../../store/generated/client/client.ts";
import { defaultsOf } from "../spaces/settings.ts";
import { agentsFolder, buildLabel, type BuiltAgent, builtAgentsOf, imageOf, type Manifest } from "./build.ts";
import { buildCommandOf, commandEnvironment, moduleFiles } from "./build-command.ts";
import { allowMoreIn, BuildError } from "./build-error.ts";
import type { BuildLog } from "./build-log.ts";
import { fetchSource } from "./fetch-source.ts";
import { readManifest } from "./manifest.ts";

/** One making of an image. */
export interface Job {
  readonly gateway: Gateway;
  readonly build: Build;
  readonly log: BuildLog;
  /** A folder of its own, where repositories are fetched to. */
  readonly folder: string;
  /** When the build must have ended. */
  readonly remainingMs: () => number;
  readonly signal: AbortSignal;
}

/** What a build came to: it has failed when there are agents and none of them is in the image. */
export interface Made {
  readonly agents: readonly BuiltAgent[];
  readonly image: string | null;
}

interface OnHost {
  readonly folder: string;
  /** What makes it ready; `null` when nothing has to be done. */
  readonly command: string | null;
}

interface Fetched extends BuiltAgent, OnHost {
  readonly manifest: Manifest;
}

/**
 * Fetches a space's agents and makes them ready in one image. An agent that cannot be fetched or made ready is left
 * out, and says why. Of a build that throws no image is left.
 *
 * @throws the signal's reason when it aborts, {@link BuildError}, and what the engine refuses.
 */
export async function makeImage(job: Job): Promise<Made> {
  const agents: BuiltAgent[] = [];
  await mkdir(job.folder, { recursive: true, mode: 0o700 });
  for (const agent of builtAgentsOf(job.build)) {
    agents.push(await orError(job, agent, () => fetchAgent(job, agent)));
  }
  const fetched = agents.filter(isFetched);
  if (fetched.length === 0) return { agents: agents.map((agent) => plainAgent(agent)), image: null };
  const built = await fill(job, fetched);
  const whole = agents.map((agent) => plainAgent(built.get(agent.name) ?? agent));
  return { agents: whole, image: whole.some(({ error }) => error === null) ? imageOf(job.build) : null };
}

const isFetched = (agent: BuiltAgent): agent is Fetched => "folder" in agent && agent.error === null;

/** As it is stored: without where it was on this host. */
const plainAgent = ({ folder: _folder, command: _command, ...agent }: BuiltAgent & Partial<OnHost>): BuiltAgent =>
  agent;

/** Turns the failure of one agent into its error; what concerns all of them rises. */
async function orError<Agent extends BuiltAgent>(
  { log, signal }: Job,
  agent: Agent,
  work: () => Promise<Agent>,
): Promise<Agent> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    const isOwn = error instanceof BuildError || (error instanceof GatewayError && error.code === "BAD_USER_INPUT");
    if (!isOwn) throw error;
    log.note(`[${agent.name}] is left out: ${error.message}`);
    return { ...agent, error: error.message };
  }
}

async function fetchAgent(job: Job, agent: BuiltAgent): Promise<BuiltAgent> {
  const { name, sourceRepo = "", sourceBranch = "" } = agent;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) throw new BuildError(`"${name}" cannot name a folder`);
  job.log.note(`[${name}] fetching ${sourceBranch} of ${sourceRepo}`);
  const folder = join(job.folder, name);
  const source = { sourceRepo, sourceBranch, folder, signal: job.signal };
  const { commit, submodules } = await fetchSource(job.gateway.config.git, source);
  job.log.note(`[${name}] is at ${commit}`);
  for (const path of submodules) job.log.note(`[${name}] submodule "${path}" is left out`);
  const found = { ...agent, commit };
  return orError<BuiltAgent>(job, found, async () => {
    const manifest = await readManifest(folder);
    const fetched: Fetched = { ...found, manifest, folder, command: await buildCommandOf(folder, manifest) };
    return fetched;
  });
}

/** Everything is put in before the first command runs, so that no agent's command can bend the way of another. */
async function fill(job: Job, fetched: readonly Fetched[]): Promise<ReadonlyMap<string, BuiltAgent>> {
  const draft = await openDraft(job);
  try {
    for (const { folder, name } of fetched) await draft.addFolder(folder, name);
    await rm(job.folder, { recursive: true, force: true });
    const built = new Map<string, Fetched>();
    for (const agent of fetched) built.set(agent.name, await orError(job, agent, () => ready(job, draft, agent)));
    for (const { name, error } of built.values()) {
      if (error !== null) await runIn(job, draft, ["rm", "-rf", `./${name}`], null);
    }
    job.signal.throwIfAborted();
    if ([...built.values()].some(({ error }) => error === null)) await draft.commit().catch(tooLargeIn(job));
    return built;
  } finally {
    await draft.discard().catch((error: unknown) => {
      job.gateway.log.warn({ err: error, build: job.build.id }, "a build's draft could not be removed; it will be");
    });
  }
}

/** The runtime knows the limit and not whose it is. */
const tooLargeIn = (job: Job) => (error: unknown) => {
  if (!(error instanceof GatewayError) || error.code !== "PAYLOAD_TOO_LARGE") throw error;
  const most = job.gateway.config.builds.maxBytes / 1_048_576;
  throw new BuildError(`What was built takes more than ${most} MB; ${allowMoreIn("RAWORC_BUILD_MAX_MB")}`);
};

async function openDraft({ gateway, build, log }: Job): Promise<ImageDraft> {
  const { config, store, runtime } = gateway;
  const space = await store.space.findUnique({ where: { name: build.spaceName } });
  const base = defaultsOf(space?.settings).image ?? config.agentImage;
  checkImageAllowed(config, base);
  log.note(`making ${imageOf(build)} from ${base}`);
  return runtime.images.open({
    name: imageOf(build),
    base,
    labels: { [buildLabel]: build.id, "raworc.space": build.spaceName },
    network: config.builds.network,
    limits: config.computerLimits,
    maxBytes: config.builds.maxBytes,
  });
}

async function ready(job: Job, draft: ImageDraft, agent: Fetched): Promise<Fetched> {
  const { name, command, manifest } = agent;
  if (command !== null) {
    job.log.note(`[${name}] $ ${command}`);
    await runIn(job, draft, ["sh", "-c", command], name);
  }
  const isThere = ["sh", "-c", 'for file do [ -e "$file" ] && exit 0; done; exit 1', "sh", ...moduleFiles(manifest)];
  await runIn(job, draft, isThere, name).catch((error: unknown) => {
    throw error instanceof BuildError ? new BuildError(`The handler ${manifest.handler} has no module here`) : error;
  });
  job.log.note(`[${name}] is ready`);
  return agent;
}

const afterLimitMs = 10_000;
const lost = "The container of the build was lost";

/** A draft that is gone, or stands still, before a command begins is as lost as one that goes in its middle. */
function lostBefore(error: unknown): never {
  const isLost = error instanceof GatewayError && (error.code === "NOT_FOUND" || error.code === "CONFLICT");
  throw isLost ? unavailable(lost, error) : error;
}

/** @throws {BuildError} for a command that fails. */
async function runIn(job: Job, draft: ImageDraft, argv: readonly string[], agent: string | null): Promise<void> {
  const output = job.log.commandOutput(agent ?? "");
  const command = {
    argv,
    cwd: agent === null ? agentsFolder : `${agentsFolder}/${agent}`,
    env: commandEnvironment,
    timeoutMs: job.remainingMs() + afterLimitMs, // the build's own limit comes first, and says so
    signal: job.signal,
    onOutput: (chunk: Uint8Array) => output.push(chunk),
  };
  const { end, exitCode, outOfMemory } = await draft.run(command).catch(lostBefore);
  output.end();
  job.signal.throwIfAborted();
  if (end === "containerLost") throw unavailable(lost);
  if (outOfMemory) throw new BuildError("The build command ran out of memory");
  if (end !== "exited" || exitCode !== 0) {
    throw new BuildError(`The build command ended with exit code ${exitCode ?? "unknown"}`);
  }
}
