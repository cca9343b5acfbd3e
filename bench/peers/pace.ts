import { Agent, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { LoadRequest } from "../harness/load.ts";

/** Sends one request each so often, whether or not the one before was answered; says of each how long it took. */
export async function sendPaced(
  url: string,
  requests: readonly LoadRequest[],
  { seconds, everyMs }: { readonly seconds: number; readonly everyMs: number },
  note: (tookMs: number) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const start = performance.now();
  const taken: Promise<void>[] = [];
  for (let place = 0; place * everyMs < seconds * 1000; place++) {
    await wait(Math.max(0, start + place * everyMs - performance.now()));
    const next = requests[place % requests.length];
    if (next) taken.push(timeOf(url, next, agent).then(note));
  }
  await Promise.all(taken);
  agent.destroy();
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
