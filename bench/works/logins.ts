import { createPasswords } from "../../src/auth/passwords.ts";
import { judge } from "../goals.ts";
import { get } from "../harness/ask.ts";
import { agentName, benchEnv } from "../harness/data.ts";
import { copyOfData, logIn, startGatewayOn } from "../harness/field.ts";
import { sendLoad } from "../harness/load.ts";
import type { Pace } from "../harness/rounds.ts";
import { median, type Report } from "../measure.ts";

const loginsAtOnce = 20;
/** So many for each second of a round, rather than for a time: a slow machine may not finish one in it. */
const loginsASecond = 100;
const readEveryMs = 2;
const bareHashes = 20;

/** Reads at a steady pace beside 20 logins at once; the gateway may use every processor for the passwords. */
export async function logins(pace: Pace): Promise<Report> {
  await using data = await copyOfData();
  const running = await startGatewayOn(data, { everywhere: true });
  try {
    const { url } = running;
    const authorization = `Bearer ${await logIn(url)}`;
    const seconds = pace.roundSeconds;
    const reads = { url, connections: 1, requests: get(`/api/v0/agents/${agentName(0)}`, { authorization }), seconds };
    const pacedReads = { ...reads, everyMs: readEveryMs };
    const amount = Math.round(loginsASecond * seconds);
    const loginLoad = { url, connections: loginsAtOnce, requests: [loginRequest], amount };
    await Promise.all([
      sendLoad({ ...reads, seconds: pace.warmUpSeconds }),
      sendLoad({ ...loginLoad, amount: loginsAtOnce }),
    ]);
    const [slower, perSecond, bare] = [[], [], []] as [number[], number[], number[]];
    for (let round = 0; round < pace.rounds; round++) {
      const quiet = await sendLoad(pacedReads);
      const [busy, done] = await Promise.all([sendLoad(pacedReads), sendLoad(loginLoad)]);
      slower.push(busy.p99Ms / quiet.p99Ms);
      perSecond.push(done.perSecond);
      bare.push(await bareHashesPerSecond());
    }
    const detail = `one thread alone compares ${median(bare).toFixed(0)} passwords a second`;
    return { results: [judge("loginReads", median(slower)), judge("logins", median(perSecond), detail)] };
  } finally {
    await running.stop();
  }
}

const loginRequest = {
  method: "POST",
  path: "/api/v0/auth/login",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ user: "admin", pass: benchEnv.RAWORC_ADMIN_PASSWORD }),
} as const;

/** What the machine can do just now. */
async function bareHashesPerSecond(): Promise<number> {
  const passwords = createPasswords({ concurrency: 1 });
  const kept = await passwords.hash("bench");
  const start = performance.now();
  for (let place = 0; place < bareHashes; place++) await passwords.verify(kept, "bench");
  return bareHashes / ((performance.now() - start) / 1000);
}
