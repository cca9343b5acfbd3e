import { conflict } from "../../errors.ts";
import type { Gateway } from "../../gateway.ts";
import type { ReconcileResult } from "../../reconcile/queue.ts";
import type { ContainerState } from "../../runtime/runtime.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { computerLabel, computerStream, containerName, limitsOf, volumeName } from "./computer.ts";
import type { Leases } from "./lease.ts";
import type { LeftOver } from "./left-over.ts";
import type { LongParts } from "./long-parts.ts";
import { placed } from "./placement.ts";
import { settle } from "./settle.ts";

/**
 * Brings a computer up: thaws it, starts its container again, or makes volume and container first.
 * Each step is stored before the next, so a repeat after a crash goes on where it ended.
 */
export async function startComputer(
  gateway: Gateway,
  computer: Computer,
  state: ContainerState | null,
  longParts: LongParts,
) {
  const generation = state ? computer.generation : await makeContainer(gateway, computer, longParts);
  const container = containerName({ id: computer.id, generation });
  await gateway.runtime.ensureRunning(container, state ?? undefined);
  return { generation, startedAt: startOf(computer, state, gateway.now()) };
}

/** Starts the container of a computer that was stopped; `null` when it is not stopped, or is gone. */
export async function startAgain(
  gateway: Gateway,
  computer: Computer,
  leftOver: LeftOver,
): Promise<ReconcileResult | null> {
  // Not looked at first: where many wake at once, a look costs as much as all else that is done here for one.
  if (!(await gateway.runtime.start(containerName(computer)))) return null;
  leftOver.started(computer);
  await settle(gateway, computer, { phase: "RUNNING", startedAt: gateway.now(), lastError: null });
  return {};
}

/** A thawed computer goes on with its run; any other start begins a new one. */
const startOf = (computer: Computer, state: ContainerState | null, now: Date) =>
  state?.status === "paused" ? (computer.startedAt ?? now) : now;

/** Makes the volume and a container of the next generation; returns that generation. */
async function makeContainer(gateway: Gateway, unplaced: Computer, longParts: LongParts): Promise<number> {
  const { runtime, config } = gateway;
  const computer = await placed(gateway, unplaced);
  const image = computer.image ?? config.agentImage;
  const volume = volumeName(computer.id);
  await longParts.getImage(() => runtime.ensureImage(image, (line) => gateway.log.info({ image }, line), volume));
  await ensureVolume(gateway, computer, longParts);
  if (computer.generation > 0) await runtime.removeContainer(containerName(computer));
  const generation = computer.generation + 1;
  const { count } = await gateway.store.computer.updateMany({
    where: { id: computer.id, epoch: computer.epoch },
    data: { generation, phase: "CREATING", runtime: runtime.kind },
  });
  gateway.memory.forget(computerStream(computer.id));
  if (count === 0) throw conflict(`Computer "${computer.id}" is being changed by another replica`);
  await runtime.ensureContainer({
    name: containerName({ id: computer.id, generation }),
    image,
    ...commandOf(computer),
    volume,
    network: computer.network,
    limits: limitsOf(computer, config.computerLimits),
    labels: labelsOf(computer),
  });
  return generation;
}

/**
 * Makes sure that what a computer is copied from has its volume, whole: a source that has not come so far gets it
 * here, so that nobody copies half a copy. `false` while the source is being changed by somebody else.
 */
export async function ensureSource(
  gateway: Gateway,
  leases: Leases,
  { copyFromId, volumeReady }: Computer,
  longParts: LongParts,
): Promise<boolean> {
  if (copyFromId === null || volumeReady) return true;
  const source = await gateway.store.computer.findUnique({ where: { id: copyFromId } });
  if (!source || source.volumeReady) return true;
  if (!(await ensureSource(gateway, leases, source, longParts))) return false;
  const made = await leases.hold(copyFromId, async (held) => {
    await ensureVolume(gateway, await placed(gateway, held), longParts);
    return true;
  });
  return made ?? false;
}

async function ensureVolume(gateway: Gateway, computer: Computer, longParts: LongParts): Promise<void> {
  if (computer.volumeReady) return;
  const volume = volumeName(computer.id);
  await gateway.runtime.ensureVolume(volume, labelsOf(computer));
  if (computer.copyFromId !== null) {
    const parts = { code: computer.copyCode, content: computer.copyContent };
    const from = volumeName(computer.copyFromId);
    await longParts.copyFiles(() => gateway.runtime.copyVolume(from, volume, parts));
  }
  const where = { id: computer.id, epoch: computer.epoch };
  await gateway.store.computer.updateMany({ where, data: { volumeReady: true } });
  gateway.memory.forget(computerStream(computer.id));
}

const commandOf = ({ command }: Computer) => (command === null ? {} : { command: command as string[] }); // written by createComputer

/** One that was made for the pool bears no space: labels cannot be changed when somebody gets it. */
const labelsOf = ({ id, space }: Computer) => ({ [computerLabel]: id, ...(space ? { "raworc.space": space } : {}) });
