import type { Gateway } from "../../gateway.ts";
import type { RuntimeInventory } from "../../runtime/runtime.ts";
import type { Computer, Prisma } from "../../store/generated/client/client.ts";
import { computerLabel, containerName } from "./computer.ts";
import { adoptVolumes } from "./placement.ts";
import type { Made } from "./left-over.ts";

/**
 * The computers whose row and container may disagree: those on the way to what is wanted, those that wait
 * for a deadline, those whose container is not what the row says, and those that run and are not settled. One list of
 * the engine serves all.
 */
export async function keysToReconcile(
  gateway: Gateway,
  isSettled: (computer: Made) => boolean,
): Promise<readonly string[]> {
  const inventory = await gateway.runtime.list().catch(() => null);
  if (inventory) await adoptVolumes(gateway, inventory); // before it is asked whose files can be reached
  const rows = await gateway.store.computer.findMany({
    where: stirring,
    select: { id: true, desired: true, phase: true, generation: true, stopAt: true, host: true, volumeReady: true },
  });
  if (!inventory) return rows.map(({ id }) => id);
  const statusByName = new Map(inventory.containers.map(({ name, status }) => [name, status]));
  const isAsWanted = (row: (typeof rows)[number]) => {
    const status = statusByName.get(containerName(row));
    if (row.desired === "PAUSED") return row.phase === "PAUSED" && row.stopAt === null && status === "paused";
    return row.desired === "RUNNING" && row.phase === "RUNNING" && status === "running" && isSettled(row);
  };
  const moving = rows.filter((row) => isSeen(inventory, row) && !isAsWanted(row));
  return [...moving.map(({ id }) => id), ...(await upAgainstOrder(gateway, inventory, rows))];
}

/**
 * False while the computer's host does not answer, is not among those there are, or is not known: nothing is known of its
 * files then, least of all that they are gone. When a host is back, everything is looked at again.
 */
const isSeen = ({ answered }: RuntimeInventory, { host, volumeReady }: Pick<Computer, "host" | "volumeReady">) =>
  host === null ? answered === null || !volumeReady : (answered?.includes(host) ?? false);

/** Computers that are down and should be: nothing counts for them, and there may be many. */
const resting = {
  OR: [
    { desired: { in: ["PAUSED", "STOPPED"] }, phase: { in: ["ABSENT", "STOPPED", "FAILED"] } },
    { desired: "VOLUME_ONLY", phase: "ABSENT" },
  ],
} satisfies Prisma.ComputerWhereInput;

/** All the others, said so that an index finds them. */
const stirring = {
  OR: [
    { desired: { in: ["RUNNING", "ABSENT"] } },
    { desired: { in: ["PAUSED", "STOPPED"] }, phase: { in: ["CREATING", "RUNNING", "PAUSED"] } },
    { desired: "VOLUME_ONLY", phase: { in: ["CREATING", "RUNNING", "PAUSED", "STOPPED", "FAILED"] } },
  ],
} satisfies Prisma.ComputerWhereInput;

/** Computers whose row says that they are down while their container is up, as after a crash before the stop. */
async function upAgainstOrder(gateway: Gateway, { containers }: RuntimeInventory, known: readonly { id: string }[]) {
  const seen = new Set(known.map(({ id }) => id));
  const up = containers.filter(({ status }) => status === "running" || status === "paused");
  const ids = up.flatMap(({ labels }) => labels[computerLabel] ?? []).filter((id) => !seen.has(id));
  if (ids.length === 0) return [];
  const rows = await gateway.store.computer.findMany({
    where: { AND: [resting, { id: { in: ids } }] },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** The computers that another process was changing when its lease ended. */
export async function keysLeftElsewhere(gateway: Gateway): Promise<readonly string[]> {
  const elsewhere = [{ leaseOwner: { not: null } }, { leaseOwner: { not: gateway.replicaId } }];
  const rows = await gateway.store.computer.findMany({
    where: { AND: elsewhere, leaseUntil: { lt: gateway.now() } },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/**
 * Containers of this deployment that no row owns, that belong to an earlier generation, or that are on another host than
 * the files of their computer.
 */
export async function findOrphans(gateway: Gateway, inventory: RuntimeInventory) {
  const ids = [...inventory.containers, ...inventory.volumes].map(({ labels }) => labels[computerLabel] ?? "");
  const rows = await gateway.store.computer.findMany({
    where: { id: { in: [...new Set(ids)] } },
    select: { id: true, generation: true, host: true },
  });
  const known = new Map(rows.map((row) => [row.id, row]));
  return inventory.containers.filter(({ name, labels, host }) => {
    const row = known.get(labels[computerLabel] ?? "");
    if (row && host !== undefined && row.host !== null && row.host !== host) return true;
    return !row || (name !== containerName(row) && name !== containerName({ ...row, generation: row.generation + 1 }));
  });
}
