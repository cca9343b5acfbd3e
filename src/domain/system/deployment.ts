import type { Store } from "../../store/store.ts";
import { isUniqueViolation } from "../../store/violations.ts";

const key = "deployment";

/** The id of this deployment, made once: it labels everything the gateway owns in the container engine. */
export async function deploymentId(store: Store, newId: () => string): Promise<string> {
  const known = await store.setting.findUnique({ where: { key } });
  if (known) return known.value;
  try {
    return (await store.setting.create({ data: { key, value: newId() } })).value;
  } catch (error) {
    if (isUniqueViolation(error)) return deploymentId(store, newId);
    throw error;
  }
}
