import { pino } from "pino";
import { isAllowed } from "../../src/auth/policy.ts";
import { readConfig } from "../../src/config.ts";
import { startGateway } from "../../src/start.ts";
import { judge } from "../goals.ts";
import { benchEnv } from "../harness/data.ts";
import { copyOfData } from "../harness/field.ts";
import { percentile, type Report } from "../measure.ts";

const checks = 20_000;
const rounds = 15;

/** What each request pays for knowing its caller and what they may do, once both are remembered. */
export async function accessCheck(): Promise<Report> {
  await using data = await copyOfData();
  const config = readConfig({ ...benchEnv, RAWORC_DATA_DIR: data.path });
  const running = await startGateway(config, pino({ level: "silent" }));
  const { gateway, auth } = running;
  try {
    const account = await gateway.store.serviceAccount.findFirstOrThrow();
    const { id: accountId, user, tokenEpoch: epoch } = account;
    const header = `Bearer ${(await auth.tokens.issue({ accountId, user, epoch })).token}`;
    await auth.authenticate(header);
    const target = { space: "default", ownerId: "somebody else" };
    const isGood = () => isAllowed(auth.recall(header) ?? null, "get", "agents", target);
    if (!isGood()) throw new Error("the administrator may not see an agent");
    const times = Array.from({ length: rounds }, () => microsecondsOf(isGood));
    return { results: [judge("accessCheck", percentile(times, 0.5))] };
  } finally {
    await running.stop();
  }
}

function microsecondsOf(check: () => boolean): number {
  const before = process.cpuUsage();
  for (let place = 0; place < checks; place++) check();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / checks;
}
