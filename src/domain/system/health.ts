import type { Gateway } from "../../gateway.ts";
import { countReady } from "../computers/warm-pool.ts";

/** What was found when a part was asked whether it answers. */
export interface Check {
  readonly name: "database" | "runtime" | "warmPool";
  readonly ok: boolean;
  /** For people; free of addresses and secrets. */
  readonly message: string;
}

export interface Health {
  /** True when every part answers. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

const limitMs = 3000;

/**
 * Asks the database and the container engine whether they answer; takes a few seconds at the most. Where there is a
 * warm pool, says how full it is: one that is empty only makes creating slower, so it is never ill.
 */
export async function checkHealth(gateway: Gateway): Promise<Health> {
  const checks = await Promise.all([
    check("database", async () => {
      await gateway.store.setting.count();
      return "answers";
    }),
    check("runtime", async () => {
      const { kind, version, warning } = await gateway.runtime.ping(AbortSignal.timeout(limitMs));
      return `${kind} ${version}${warning ? `: ${warning}` : ""}`;
    }),
    ...(gateway.config.warmPool > 0 ? [check("warmPool", () => fillOf(gateway))] : []),
  ]);
  return { ok: checks.every(({ ok }) => ok), checks };
}

const fillOf = async (gateway: Gateway) => `${await countReady(gateway)} of ${gateway.config.warmPool} ready`;

async function check(name: Check["name"], ask: () => Promise<string>): Promise<Check> {
  const { promise: timeUp, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("late")), limitMs);
  try {
    return { name, ok: true, message: await Promise.race([ask(), timeUp]) };
  } catch {
    return { name, ok: false, message: "does not answer" };
  } finally {
    clearTimeout(timer);
  }
}
