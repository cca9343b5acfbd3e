import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler, ReconcileResult } from "../../reconcile/queue.ts";
import type { Computer, Prisma } from "../../store/generated/client/client.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import { containerName } from "./computer.ts";
import type { LongPartsUnderWay } from "./long-parts.ts";
import { createWarm, emitComputer } from "./service.ts";
import { warmOf } from "./warm-pool.ts";

/** A place whose computer failed stays without another for so long, lest an image that cannot start be tried for ever. */
const restAfterFailureMs = 10_000;
/** Whoever has just got a computer is still being served when its place is seen to be free. */
const beforeFillMs = 100;
/** How often to see whether the image's name still means what the pool was made from. */
const lookEveryMs = 30_000;
/** How soon to ask again while somebody waits for a start, if nothing is heard of it before. */
const askAgainMs = 1_000;

/**
 * Keeps as many computers running for nobody as `RAWORC_WARM_POOL` says. It only orders them; they are made as all
 * others are, but ordered few at a time and only while nobody waits for a computer: those that somebody wants go first.
 */
export function createPoolReconciler(gateway: Gateway, longParts: Pick<LongPartsUnderWay, "ids">): Reconciler {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return {
    name: "pool",
    concurrency: 1,
    wants: ({ type }) => (gateway.config.warmPool > 0 && type.startsWith("computer.") ? "pool" : null),
    wantsFromRuntime: ({ kind }) => (gateway.config.warmPool > 0 && kind === "lost" ? "pool" : null),
    keys: async () => ["pool"],
    async reconcile() {
      const nowMs = gateway.now().getTime();
      if (gateway.config.warmPool > 0 && nowMs - lookedAtMs >= lookEveryMs) {
        await drainPool(gateway); // first: to look at the image may take long
        await dropOutdated(gateway);
        lookedAtMs = nowMs;
      }
      return reconcilePool(gateway, longParts.ids);
    },
  };
}

/** Gives up what was made from the default image before that was made anew, or its name was given to another. */
async function dropOutdated(gateway: Gateway): Promise<void> {
  const { runtime, config, log } = gateway;
  await runtime.ensureImage(config.agentImage, (line) => log.info({ image: config.agentImage }, line));
  const { containers } = await runtime.list();
  const outdated = containers.filter(({ image }) => image !== null && image !== config.agentImage);
  const names = new Set(outdated.map(({ name }) => name));
  const warm = names.size > 0 ? await warmComputers(gateway) : [];
  await giveUp(
    gateway,
    warm.filter((computer) => names.has(containerName(computer))),
  );
}

async function reconcilePool(gateway: Gateway, delayed: ReadonlySet<string>): Promise<ReconcileResult> {
  const warm = await drainPool(gateway);
  const failedAt = warm.flatMap((computer) => computer.failedAt?.getTime() ?? []);
  const soonestMs = failedAt.length > 0 ? Math.min(...failedAt) + restAfterFailureMs - gateway.now().getTime() : null;
  const slot = firstFree(warm, gateway.config.warmPool);
  if (slot === null) return { againAfterMs: soonestMs };
  const underWay = warm.filter(({ phase, failures }) => phase !== "RUNNING" && failures === 0).length;
  if (underWay >= Math.max(1, gateway.config.maxStarts - 1)) return { againAfterMs: soonestMs };
  await pause(beforeFillMs);
  if (await isAnybodyWaiting(gateway, delayed)) return { againAfterMs: askAgainMs };
  await fill(gateway, slot);
  return { againAfterMs: 0 };
}

/**
 * Gives up the computers of the pool that nobody should get: of a place there is no more, of other settings, of
 * another runtime, on a host that is away, or failed once. They are removed, volume and all, for nobody ever had them.
 * The others are answered.
 */
export async function drainPool(gateway: Gateway): Promise<readonly Computer[]> {
  const warm = await warmComputers(gateway);
  await giveUp(
    gateway,
    warm.filter((computer) => !isFit(gateway, computer)),
  );
  return warm.filter((computer) => isFit(gateway, computer));
}

const warmComputers = ({ store }: Gateway) => store.computer.findMany({ where: { warmSlot: { not: null } } });

async function giveUp(gateway: Gateway, computers: readonly Computer[]): Promise<void> {
  for (const { id, warmSlot } of computers) {
    await commit(gateway, async (unit) => {
      const [given] = await unit.tx.computer.updateManyAndReturn({
        where: { id, warmSlot }, // whoever was claimed meanwhile has no place
        data: { desired: "ABSENT", warmSlot: null, updatedAt: unit.at },
      });
      if (given) await emitComputer(unit, "computer.ordered", given);
    });
  }
}

function isFit(gateway: Gateway, warm: Computer): boolean {
  const { config, runtime } = gateway;
  const made = { image: warm.image, network: warm.network, limits: warm.limits };
  const hasPlace = warm.warmSlot !== null && warm.warmSlot < config.warmPool;
  const isHere = (warm.runtime === null || warm.runtime === runtime.kind) && !isLost(gateway, warm);
  const isOver = warm.failedAt !== null && gateway.now().getTime() - warm.failedAt.getTime() >= restAfterFailureMs;
  return hasPlace && isHere && !isOver && isDeepStrictEqual(made, { ...warmOf(config) });
}

/** True for a computer that nobody can reach, for its host does not answer. */
const isLost = ({ runtime: { hosts } }: Gateway, { host }: Computer) => host !== null && (hosts?.isAway(host) ?? true);

function firstFree(warm: readonly Computer[], places: number): number | null {
  const taken = new Set(warm.map(({ warmSlot }) => warmSlot));
  for (let slot = 0; slot < places; slot++) if (!taken.has(slot)) return slot;
  return null;
}

/** True while a computer that somebody wants is not up yet, and will be tried at once; `delayed` are not yet. */
async function isAnybodyWaiting(gateway: Gateway, delayed: ReadonlySet<string>): Promise<boolean> {
  const waiting = {
    desired: "RUNNING",
    phase: { in: ["ABSENT", "CREATING", "STOPPED", "PAUSED"] },
    warmSlot: null,
    OR: [{ retryAt: null }, { retryAt: { lte: gateway.now() } }],
  } satisfies Prisma.ComputerWhereInput;
  // Of one more than are delayed, one is not.
  const found = await gateway.store.computer.findMany({ where: waiting, select: { id: true }, take: delayed.size + 1 });
  return found.some(({ id }) => !delayed.has(id));
}

/** Orders one more computer for a place; nothing when another gateway was quicker. */
async function fill(gateway: Gateway, slot: number): Promise<void> {
  await commit(gateway, (unit) => createWarm(unit, slot)).catch((error) => {
    if (!isUniqueViolation(error)) throw error;
  });
}
