import { Agent, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { LoadRequest } from "../harness/load.ts";

/** Sends one request each so often, whether or not the one before was answered; answers how long each took. */
export async function sendPaced(
  url: string,
  requests: readonly LoadRequest[],
  { seconds, everyMs }: { readonly seconds: number; readonly everyMs: number },
): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true });
  const start = performance.now();
  const taken: Promise<number>[] = [];
  for (let place = 0; place * everyMs < seconds * 1000; place++) {
    await wait(Math.max(0, start + place * everyMs - performance.now()));
    const next = requests[place % requests.length];
    if (next) taken.push(timeOf(url, next, agent));
  }
  const times = await Promise.all(taken);
  agent.destroy();
  return times;
}

function timeOf(url: string, { method, path, headers, body }: LoadRequest, agent: Agent): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method, headers, agent }, (response) => {
      response.on("end", () => resolve(performance.now() - start)).resume();
      if (response.statusCode !== 200) reject(new Error(`${path} answers ${response.statusCode}`));
    });
    sent.on("error", reject).end(body);
  });
}
