import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GatewayError } from "../../errors.ts";
import { abortOn } from "../../events/abort-on.ts";
import { commit } from "../../events/commit.ts";
import type { Config } from "../../config.ts";
import type { Gateway } from "../../gateway.ts";
import { renewLeaseMs } from "../../reconcile/lease.ts";
import type { Build, Prisma } from "../../store/generated/client/client.ts";
import { holdSpace } from "../spaces/service.ts";
import { type BuiltAgent, builtAgentsOf, buildStream } from "./build.ts";
import { allowMoreIn, BuildError } from "./build-error.ts";
import { BuildLog } from "./build-log.ts";
import { moveBuild } from "./change.ts";
import { mine, releaseBuild, renewLease } from "./claim.ts";
import { type Made, makeImage } from "./make.ts";

/** Where builds keep what they fetch, a folder for each. */
export const buildsFolder = ({ dataDir }: Pick<Config, "dataDir">) => join(dataDir, "builds");

/**
 * Makes a build that this process has claimed and writes how it ended. A build that is cancelled, taken over or
 * stopped by `shutdown` ends without a word: whoever did that has said it, or will.
 *
 * @throws UNAVAILABLE when the container engine is away; the build is then free to be begun again.
 */
export async function runBuild(gateway: Gateway, build: Build, isRepeat: boolean, shutdown: AbortSignal) {
  const lost = new AbortController();
  const cancelled = abortOn(gateway.tail, buildStream(build.id), ({ type }) => type === "build.cancelled");
  const renewal = setInterval(() => {
    renewLease(gateway, build).then(
      (isMine) => isMine || lost.abort(),
      (error: unknown) => gateway.log.warn({ err: error, build: build.id }, "could not renew the lease of a build"),
    );
  }, renewLeaseMs);
  const limit = timeLimit(gateway.config.builds.seconds);
  const over = AbortSignal.any([lost.signal, cancelled.signal, shutdown]);
  const log = new BuildLog(gateway, build, () => lost.abort());
  const folder = join(buildsFolder(gateway.config), build.id);
  try {
    if (!(await renewLease(gateway, build))) return; // cancelled before anybody listened
    if (isRepeat) log.note("The build begins again: the gateway that made it has ended, or its engine was away");
    await rm(folder, { recursive: true, force: true });
    const signal = AbortSignal.any([over, limit.signal]);
    const made = await makeImage({ gateway, build, log, folder, remainingMs: limit.remainingMs, signal });
    await log.flush();
    await end(gateway, build, endOf(made));
  } catch (error) {
    await log.flush();
    if (shutdown.aborted) await releaseBuild(gateway, build);
    else if (!over.aborted) await fail(gateway, build, limit.signal.aborted ? limit.reason : error);
  } finally {
    clearInterval(renewal);
    limit.stop();
    cancelled.stop();
    await log.flush();
    await rm(folder, { recursive: true, force: true });
  }
}

interface End {
  readonly status: "COMPLETED" | "FAILED";
  readonly columns: Prisma.BuildUpdateManyMutationInput;
}

function endOf({ agents, image }: Made): End {
  const columns = { agents: jsonOf(agents), image };
  if (agents.length === 0 || image !== null) return { status: "COMPLETED", columns };
  const reasons = agents.map(({ name, error }) => `${name}: ${error}`).join("; ");
  return { status: "FAILED", columns: { ...columns, error: `No agent could be built. ${reasons}`.slice(0, 2000) } };
}

const jsonOf = (agents: readonly BuiltAgent[]) => agents as unknown as Prisma.InputJsonArray; // plain data by its type

const end = (gateway: Gateway, build: Build, { status, columns }: End) =>
  commit(gateway, async (unit) => {
    // The space before the build, as everybody does; with the space its builds are gone.
    if ((await unit.tx.space.count({ where: { name: build.spaceName } })) === 0) return;
    await holdSpace(unit.tx, build.spaceName);
    await moveBuild(unit, mine(build), status, columns);
  });

/** So often is a build begun, though the engine answers, before what keeps it from its end counts as its own fault. */
const mostBeginnings = 3;

/** What is nobody's fault but the engine's ends no build: its absence, or a container that went with its restart. */
async function fail(gateway: Gateway, build: Build, error: unknown): Promise<void> {
  const isEngines = error instanceof GatewayError && error.code === "UNAVAILABLE";
  if (isEngines && (build.epoch < mostBeginnings || !(await engineAnswers(gateway)))) {
    await releaseBuild(gateway, build);
    throw error;
  }
  const isKnown = error instanceof BuildError || error instanceof GatewayError;
  if (!isKnown) gateway.log.error({ err: error, build: build.id }, "a build failed unexpectedly");
  const message = isKnown ? error.message : "Something unexpected went wrong; the gateway's log says what";
  const agents = jsonOf(builtAgentsOf(build).map((agent) => Object.assign({}, agent, { error: message })));
  await end(gateway, build, { status: "FAILED", columns: { agents, error: message.slice(0, 2000) } });
}

/** Whether the engine can be reached now. */
export const engineAnswers = ({ runtime }: Pick<Gateway, "runtime">) =>
  runtime.ping().then(
    () => true,
    () => false,
  );

/** Aborts when the time is up, which is measured from now. */
function timeLimit(seconds: number) {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), seconds * 1000);
  const until = performance.now() + seconds * 1000;
  return {
    signal: over.signal,
    reason: new BuildError(`The build took longer than ${seconds} seconds; ${allowMoreIn("RAWORC_BUILD_SECONDS")}`),
    remainingMs: () => Math.max(1, until - performance.now()),
    stop: () => clearTimeout(timer),
  };
}
