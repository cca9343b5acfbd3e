import { conflict } from "../../errors.ts";
import { oneAtATime } from "../../events/append.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import { HostAbsence } from "../../runtime/hosts.ts";
import type { RuntimeInventory } from "../../runtime/runtime.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import type { Store } from "../../store/store.ts";
import { computerIdOf, volumeName } from "./computer.ts";
import { emitComputer } from "./service.ts";

/**
 * Finds the host of the computer that a container or volume is named after, for a runtime of several hosts: `null`
 * for one that is gone, or that nothing was made for yet.
 *
 * @throws {HostAbsence} for one that has files, but it is not known where.
 */
export const hostOfName = (store: Pick<Store, "sql">) => async (name: string) => {
  const id = computerIdOf(name);
  if (id === null) return null;
  const [row] = await store.sql.all<Pick<Computer, "host" | "volumeReady">>(
    `SELECT "host", "volumeReady" FROM "Computer" WHERE "id" = ?`,
    [id],
  );
  if (row && row.host === null && row.volumeReady) throw new HostAbsence(unknownPlace(id));
  return row?.host ?? null;
};

/**
 * Makes sure that the files of a computer, if there are any yet, are where this gateway can reach them.
 *
 * @throws {HostAbsence} when they are on a host that this gateway does not have, or it is not known on which.
 */
export function checkLocated({ runtime: { hosts } }: Gateway, { id, host, volumeReady }: Computer): void {
  if (host !== null && !hosts?.names.includes(host)) {
    throw new HostAbsence(`The files of computer "${id}" are on host "${host}"; ${wayToIt}`);
  }
  if (hosts && host === null && volumeReady) throw new HostAbsence(unknownPlace(id));
}

const wayToIt = "the gateway goes on with it when RAWORC_DOCKER_HOSTS names that host and it answers";

/** Nobody guesses: an empty computer in place of a lost one would look as if all was well. */
const unknownPlace = (id: string) =>
  `The files of computer "${id}" are on none of the hosts that answer, or on more than one; ` +
  "name the one that has them in RAWORC_DOCKER_HOSTS, or remove the volume that is a copy";

/**
 * Finds the hosts of computers that were made while there was one engine, which nobody named: the one that has the
 * volume. Those whose host does not answer wait until it does.
 */
export async function adoptVolumes(gateway: Gateway, inventory: RuntimeInventory): Promise<void> {
  if (inventory.answered === null) return;
  const where = { host: null, volumeReady: true };
  const homeless = await gateway.store.computer.findMany({ where, select: { id: true } });
  const names = new Set(homeless.map(({ id }) => volumeName(id)));
  const found = inventory.volumes.filter(({ name }) => names.has(name));
  const byName = Map.groupBy(found, ({ name }) => name);
  for (const { id } of homeless) {
    const [volume, ...others] = byName.get(volumeName(id)) ?? [];
    if (volume?.host !== undefined && others.length === 0) await pin(gateway, id, volume.host);
  }
}

/** The files of a computer do not move, so a host that is known once stays. */
const pin = (gateway: Gateway, id: string, host: string): Promise<void> =>
  commit(gateway, async (unit) => {
    const [row] = await unit.tx.computer.updateManyAndReturn({
      where: { id, host: null },
      data: { host, updatedAt: unit.at },
    });
    if (row) await emitComputer(unit, "computer.changed", row);
  });

/**
 * The computer with a host for its files: of those that answer the one with the fewest computers, and among equals the
 * one that has the files it is a copy of. One that has a host keeps it.
 *
 * @throws {GatewayError} UNAVAILABLE when none answers, CONFLICT when somebody else is changing the computer.
 */
export async function placed(gateway: Gateway, computer: Computer): Promise<Computer> {
  const { hosts } = gateway.runtime;
  if (!hosts || computer.host !== null) return computer;
  const answering = await hosts.answering();
  if (answering.length === 0) {
    throw new HostAbsence(`None of the hosts ${hosts.names.join(", ")} answers`, { state: "notStarted" });
  }
  const row = await commit(gateway, async (unit) => {
    await oneAtATime(unit.sql);
    const values = [...answering, computer.copyFromId ?? "", unit.at, computer.id, computer.epoch];
    const [found] = await unit.sql.all<Computer>(placeOn(answering.length), values);
    if (found) await emitComputer(unit, "computer.changed", found);
    return found;
  });
  if (!row) throw conflict(`Computer "${computer.id}" is being changed by another replica`);
  return row;
}

/** By hand, for the choice and its record are one. Counted in the index of hosts alone: there may be many computers. */
const placeOn = (hosts: number) =>
  `UPDATE "Computer" SET "host" = (
    SELECT "name"
    FROM (${Array.from({ length: hosts }, () => `SELECT CAST(? AS TEXT) AS "name"`).join(" UNION ALL ")}) AS "candidate"
    ORDER BY
      (SELECT COUNT(*) FROM "Computer" AS "other" WHERE "other"."host" = "candidate"."name"),
      CASE WHEN "candidate"."name" = (SELECT "host" FROM "Computer" AS "source" WHERE "source"."id" = ?) THEN 0 ELSE 1 END,
      "candidate"."name"
    LIMIT 1
  ), "updatedAt" = ? WHERE "id" = ? AND "epoch" = ? AND "host" IS NULL AND NOT "volumeReady" RETURNING *`;

/** Says loudly which computers have their files on hosts that this gateway does not have. Nothing is done to them. */
export async function tellOfMissingHosts({ store, runtime, log }: Gateway): Promise<void> {
  const byHost = await store.computer.groupBy({ by: ["host"], where: { host: { not: null } }, _count: true });
  const known = new Set<string | null>(runtime.hosts?.names);
  for (const { host, _count: computers } of byHost) {
    if (known.has(host)) continue;
    log.error(
      { host, computers },
      `computers on a host that is not in RAWORC_DOCKER_HOSTS are unavailable; ${nothingLost}`,
    );
  }
}

const nothingLost = "nothing of them is removed, and they go on when it is named there again";
