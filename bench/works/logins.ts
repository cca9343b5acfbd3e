import { judge } from "../goals.ts";
import { get } from "../harness/ask.ts";
import { agentName, benchEnv } from "../harness/data.ts";
import { openField } from "../harness/field.ts";
import { sendLoad } from "../harness/load.ts";
import type { Pace } from "../harness/rounds.ts";
import { percentile, type Report } from "../measure.ts";

const loginsAtOnce = 20;

/** Reads beside 20 logins at once, whose passwords take all the processor time they are given. */
export async function logins(pace: Pace): Promise<Report> {
  await using field = await openField("gateway");
  const { url } = field.running.gateway;
  const reads = { url, connections: 1, requests: get(`/api/v0/agents/${agentName(0)}`, field.headers) };
  const body = JSON.stringify({ user: "admin", pass: benchEnv.RAWORC_ADMIN_PASSWORD });
  const headers = { "content-type": "application/json" };
  const login = { method: "POST", path: "/api/v0/auth/login", headers, body } as const;
  const loginLoad = { url, connections: loginsAtOnce, requests: [login], seconds: pace.roundSeconds };
  await sendLoad({ ...reads, seconds: pace.warmUpSeconds });
  const rounds: { readonly slower: number; readonly perSecond: number }[] = [];
  for (let round = 0; round < pace.rounds; round++) {
    const quiet = await sendLoad({ ...reads, seconds: pace.roundSeconds });
    const [busy, done] = await Promise.all([sendLoad({ ...reads, seconds: pace.roundSeconds }), sendLoad(loginLoad)]);
    rounds.push({ slower: busy.p99Ms / quiet.p99Ms, perSecond: done.perSecond });
  }
  const median = (key: "slower" | "perSecond") =>
    percentile(
      rounds.map((round) => round[key]),
      0.5,
    );
  return { results: [judge("loginReads", median("slower")), judge("logins", median("perSecond"))] };
}
