import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler, ReconcileResult } from "../../reconcile/queue.ts";
import { HostAbsence } from "../../runtime/hosts.ts";
import type { ContainerState } from "../../runtime/runtime.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { computerLabel, containerName, msUntilStop, volumeName, wantedPhase } from "./computer.ts";
import { deathOf, recordFailure, refuseOtherRuntime, wasNotStarted } from "./failure.ts";
import { freeze, thaw } from "./freeze.ts";
import { createLeases, type Leases } from "./lease.ts";
import { createLeftOver, type LeftOver, type Made } from "./left-over.ts";
import type { LongParts, LongPartsUnderWay } from "./long-parts.ts";
import { checkLocated } from "./placement.ts";
import { keysLeftElsewhere, keysToReconcile } from "./resync.ts";
import { emitComputer } from "./service.ts";
import { settle } from "./settle.ts";
import { ensureSource, startAgain, startComputer } from "./start.ts";
import { isClaim } from "./warm-pool.ts";

const stopGraceSeconds = 2;
/** How many computers may be under way for each that may start: most of a change is waiting. */
const changesPerStart = 4;
/** How soon to ask again for a computer that another replica is changing. */
const leasedElsewhereMs = 1_000;
/** How soon to ask again for a copy whose source is being made. */
const sourceBusyMs = 200;

/**
 * Makes every computer what it should be. The only one that changes containers and volumes. `alone` says that no
 * other process uses the database, so whatever runs in a computer and was not started here is left over, and nobody
 * else can hold a lease.
 */
export function createComputerReconciler(
  gateway: Gateway,
  { alone, longParts }: { readonly alone: boolean; readonly longParts: LongPartsUnderWay },
): Reconciler {
  const leftOver = createLeftOver(gateway);
  const leases = createLeases(gateway, { alone });
  const isSettled = (computer: Made) => !alone || leftOver.isGone(computer);
  return {
    name: "computers",
    // Starts, which the processor bounds, wait for one another in the runtime; the others need not wait for them.
    concurrency: gateway.config.maxStarts * changesPerStart * (gateway.runtime.hosts?.names.length ?? 1),
    wants: (event) =>
      event.type === "computer.ordered" && !isClaim(event) ? event.stream.slice("computer:".length) : null,
    wantsFromRuntime: (event) => (event.kind === "died" ? (event.labels[computerLabel] ?? null) : null),
    keys: () => keysToReconcile(gateway, isSettled),
    heldElsewhere: async () => (alone ? [] : keysLeftElsewhere(gateway)),
    reconcile: (id, turn) =>
      reconcileComputer(gateway, id, { leases, leftOver, isSettled, longParts: longParts.of(id, turn) }),
  };
}

interface Knowledge {
  readonly leases: Leases;
  readonly leftOver: LeftOver;
  /** True for a computer whose running container needs no look into it. */
  readonly isSettled: (computer: Made) => boolean;
  readonly longParts: LongParts;
}

/**
 * Makes one computer match its row. Safe to repeat at any time, also after a crash between any two of its steps.
 * An engine that is away costs nothing but time: the order stands and is tried again.
 */
async function reconcileComputer(gateway: Gateway, id: string, known: Knowledge): Promise<ReconcileResult> {
  const held = await known.leases.hold(id, (computer) => converge(gateway, computer, known));
  if (held) return held;
  const exists = await gateway.store.computer.count({ where: { id } });
  if (exists > 0) return { againAfterMs: leasedElsewhereMs };
  known.leftOver.forget(id); // somebody else has removed it
  return {};
}

async function converge(gateway: Gateway, computer: Computer, known: Knowledge): Promise<ReconcileResult> {
  const elsewhere = computer.runtime !== null && computer.runtime !== gateway.runtime.kind;
  if (elsewhere) return refuseOtherRuntime(gateway, computer);
  checkLocated(gateway, computer);
  const wanted = wantedPhase(computer, gateway.now());
  if (wanted === "ABSENT") return remove(gateway, computer, known.leftOver);
  if (wanted === "VOLUME_ONLY") return dismantle(gateway, computer);
  const isUp = computer.phase === "RUNNING" || computer.phase === "PAUSED";
  if (wanted === "PAUSED" && isUp && (await freeze(gateway, computer)))
    return { againAfterMs: msUntilStop(computer, gateway.now()) };
  if (wanted === "RUNNING" && computer.phase === "PAUSED" && (await thaw(gateway, computer, known.leftOver))) return {};
  if (wanted === "RUNNING" && hasRested(computer)) {
    const started = await attempt(gateway, computer, () => startAgain(gateway, computer, known.leftOver));
    if (started) return started;
  }
  const state = computer.generation === 0 ? null : await gateway.runtime.inspect(containerName(computer));
  return wanted === "RUNNING" ? run(gateway, computer, state, known) : rest(gateway, computer, state, wanted);
}

/** True for a computer that was stopped by an order: it ran, and nothing has gone wrong since it was ordered up. */
const hasRested = ({ phase, generation, failures }: Computer) =>
  phase === "STOPPED" && generation > 0 && failures === 0;

/** Tries to start; what fails is counted, unless it is the engine that is away: then the queue has its own delay. */
async function attempt<T>(gateway: Gateway, computer: Computer, start: () => Promise<T>): Promise<T | ReconcileResult> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof HostAbsence || wasNotStarted(error) || !(await engineAnswers(gateway, computer))) throw error;
    return recordFailure(gateway, computer, "computer.changed", messageOf(error));
  }
}

/** Freezes or stops a computer. The row says so first: whoever reads RUNNING there may rely on it. */
async function rest(
  gateway: Gateway,
  computer: Computer,
  state: ContainerState | null,
  wanted: "PAUSED" | "STOPPED",
): Promise<ReconcileResult> {
  const container = containerName(computer);
  const freezes = wanted === "PAUSED" && (state?.status === "running" || state?.status === "paused");
  const down = computer.generation === 0 ? "ABSENT" : "STOPPED";
  const phase = freezes ? "PAUSED" : computer.phase === "FAILED" ? "FAILED" : down;
  if (!(await settle(gateway, computer, { phase }))) return { againAfterMs: 0 };
  if (freezes) {
    await gateway.runtime.ensurePaused(container);
    return { againAfterMs: msUntilStop(computer, gateway.now()) };
  }
  if (state) await gateway.runtime.ensureStopped(container, stopGraceSeconds, state);
  return {};
}

async function run(
  gateway: Gateway,
  computer: Computer,
  state: ContainerState | null,
  { leases, leftOver, isSettled, longParts }: Knowledge,
): Promise<ReconcileResult> {
  if (state?.status === "running") {
    const failed = await adopt(gateway, computer, state, { leftOver, isSettled });
    if (failed) return failed;
    await settle(gateway, computer, {
      phase: "RUNNING",
      startedAt: state.startedAt ?? computer.startedAt,
      lastError: null,
    });
    return {};
  }
  const died = computer.phase === "RUNNING" && state?.status !== "paused";
  if (died) return recordFailure(gateway, computer, "computer.died", deathOf(state));
  const waitMs = (computer.retryAt?.getTime() ?? 0) - gateway.now().getTime();
  if (waitMs > 0) return { againAfterMs: waitMs };
  return attempt(gateway, computer, async () => {
    if (!(await ensureSource(gateway, leases, computer, longParts))) return { againAfterMs: sourceBusyMs };
    const started = { ...computer, ...(await startComputer(gateway, computer, state, longParts)) };
    if (state?.status === "paused") await leftOver.end(started);
    else leftOver.started(started);
    await settle(gateway, started, { phase: "RUNNING", startedAt: started.startedAt, lastError: null });
    return {};
  });
}

/** Makes sure that a container that runs is as a start by this process would have left it. */
async function adopt(
  gateway: Gateway,
  computer: Computer,
  state: ContainerState,
  { leftOver, isSettled }: Pick<Knowledge, "leftOver" | "isSettled">,
): Promise<ReconcileResult | null> {
  const container = containerName(computer);
  const isKnown = computer.phase === "RUNNING" && isSettled(computer);
  if (!isKnown) {
    // A gateway that died may have started it and come no further, as to its network.
    const failed = await attempt(gateway, computer, async () => {
      await gateway.runtime.ensureRunning(container, state);
      return null;
    });
    if (failed) return failed;
  }
  // Nobody has ever run a command in one of the pool. An agent that is only just waking has none of its own yet, so
  // this one may always be looked into.
  if (computer.warmSlot !== null) leftOver.started(computer);
  else if (!isKnown) await leftOver.end(computer);
  return null;
}

/** Removes the container and keeps the volume. The row says ABSENT only when the container is gone. */
async function dismantle(gateway: Gateway, computer: Computer): Promise<ReconcileResult> {
  if (computer.phase === "ABSENT") return {};
  if (!(await settle(gateway, computer, { phase: "STOPPED" }))) return { againAfterMs: 0 };
  await gateway.runtime.removeContainer(containerName(computer));
  const gone = await settle(gateway, { ...computer, phase: "STOPPED" }, { phase: "ABSENT" });
  return gone ? {} : { againAfterMs: 0 };
}

async function remove(gateway: Gateway, computer: Computer, leftOver: LeftOver): Promise<ReconcileResult> {
  const copies = await gateway.store.computer.count({ where: { copyFromId: computer.id, volumeReady: false } });
  if (computer.generation > 0) await gateway.runtime.removeContainer(containerName(computer));
  // A remix that has not copied yet still needs the files; it looks here again when it has.
  if (copies > 0) return { againAfterMs: leasedElsewhereMs };
  await gateway.runtime.removeVolume(volumeName(computer.id));
  await commit(gateway, async (unit) => {
    const { count } = await unit.tx.computer.deleteMany({ where: { id: computer.id, epoch: computer.epoch } });
    if (count > 0) await emitComputer(unit, "computer.removed", { ...computer, phase: "ABSENT" });
  });
  leftOver.forget(computer.id);
  return {};
}

const engineAnswers = (gateway: Gateway, computer: Computer) =>
  gateway.runtime.ping(undefined, containerName(computer)).then(
    () => true,
    () => false,
  );

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
