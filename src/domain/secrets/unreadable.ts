import type { Gateway } from "../../gateway.ts";

/**
 * Tells in the log of stored secrets whose master key this gateway does not have, as after a backup came back without
 * its keys: nobody would learn of it before something asks for one of them.
 */
export async function warnOfUnreadableSecrets({ store, sealer, log }: Gateway): Promise<void> {
  const sealed = await store.secret.groupBy({ by: ["keyId"], _count: true });
  const secrets = sealed.filter(({ keyId }) => !sealer.knows(keyId)).reduce((sum, { _count }) => sum + _count, 0);
  if (secrets === 0) return;
  const which = `${secrets} stored ${secrets === 1 ? "secret was" : "secrets were"} sealed under a master key that is not here`;
  const advice = "give that key with RAWORC_MASTER_KEY_PREVIOUS, or put its master.key back into the data folder";
  log.warn(`${which}: what needs them fails; ${advice}`);
}
