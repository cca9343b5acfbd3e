import { availableParallelism } from "node:os";
import { createPasswords } from "../../src/auth/passwords.ts";
import { judge } from "../goals.ts";
import { get } from "../harness/ask.ts";
import { agentName, benchEnv } from "../harness/data.ts";
import { copyOfData, logIn, startGatewayOn } from "../harness/field.ts";
import { untilAtRest } from "../harness/listen.ts";
import { type Loaded, sendLoad } from "../harness/load.ts";
import type { Pace } from "../harness/rounds.ts";
import { median, type Report, timeMs } from "../measure.ts";

const loginsAtOnce = 20;
/** So many for each second of a round, rather than for a time: a slow machine may not finish one in it. */
const loginsASecond = 100;
const readEveryMs = 2;
const bareHashes = 40;
/** The gateway may use all processors, so nobody has one to himself. */
const everywhere = true;

/**
 * Reads at a steady pace beside 20 logins at once; the gateway may use every processor for the passwords. The same reads
 * beside the same logins at another gateway tell what of it is the machine, which has both loads to send as well.
 */
export async function logins(pace: Pace): Promise<Report> {
  await using data = await copyOfData();
  await using dataElsewhere = await copyOfData();
  const running = await startGatewayOn(data, { everywhere });
  const elsewhere = await startGatewayOn(dataElsewhere, { everywhere });
  try {
    const { url } = running;
    const authorization = `Bearer ${await logIn(url)}`;
    const seconds = pace.roundSeconds;
    const reads = {
      url,
      connections: 1,
      requests: get(`/api/v0/agents/${agentName(0)}`, { authorization }),
      seconds,
      everywhere,
    };
    const pacedReads = { ...reads, everyMs: readEveryMs };
    const amount = Math.round(loginsASecond * seconds);
    const loginLoad = { url, connections: loginsAtOnce, requests: [loginRequest], amount, everywhere };
    const loginsElsewhere = { ...loginLoad, url: elsewhere.url };
    await Promise.all([
      sendLoad({ ...reads, seconds: pace.warmUpSeconds }),
      sendLoad({ ...loginLoad, amount: loginsAtOnce }),
    ]);
    await sendLoad({ ...loginsElsewhere, amount: loginsAtOnce });
    await untilAtRest(); // its collections after the start would stand in the undisturbed rounds
    const rounds: Round[] = [];
    while (rounds.length < pace.rounds) {
      const quiet = await sendLoad(pacedReads);
      const [busy, done] = await Promise.all([sendLoad(pacedReads), sendLoad(loginLoad)]);
      const [beside] = await Promise.all([sendLoad(pacedReads), sendLoad(loginsElsewhere)]);
      const alone = await hashesPerSecond(1);
      rounds.push({ quiet, busy, beside, done, alone, together: await hashesPerSecond(availableParallelism()) });
    }
    return { results: resultsOf(rounds) };
  } finally {
    await Promise.all([running.stop(), elsewhere.stop()]);
  }
}

interface Round extends Readonly<Record<"quiet" | "busy" | "beside" | "done", Loaded>> {
  /** Passwords a second: of one thread, and of one for each processor. */
  readonly alone: number;
  readonly together: number;
}

function resultsOf(rounds: readonly Round[]): Report["results"] {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  const slowerBeside = of(({ beside, quiet }) => beside.p99Ms / quiet.p99Ms).toFixed(2);
  const one = of(({ alone }) => alone).toFixed(0);
  const all = of(({ together }) => together).toFixed(0);
  const detail = `with nothing else to do one thread compares ${one} passwords a second, one for each processor ${all}`;
  return [
    judge(
      "loginReads",
      of(({ busy, quiet }) => busy.p99Ms / quiet.p99Ms),
      `${slowerBeside} × with the same logins at another gateway of the machine`,
    ),
    judge(
      "loginReadsBeside",
      of(({ busy, beside }) => busy.p99Ms / beside.p99Ms),
    ),
    judge(
      "logins",
      of(({ done }) => done.perSecond),
      detail,
    ),
  ];
}

const loginRequest = {
  method: "POST",
  path: "/api/v0/auth/login",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ user: "admin", pass: benchEnv.RAWORC_ADMIN_PASSWORD }),
} as const;

/** What the machine can do just now. */
async function hashesPerSecond(threads: number): Promise<number> {
  const passwords = createPasswords({ concurrency: threads });
  const kept = await passwords.hash("bench");
  const compare = () => passwords.verify(kept, "bench");
  const tookMs = await timeMs(() => Promise.all(Array.from({ length: bareHashes }, compare)));
  return bareHashes / (tookMs / 1000);
}
