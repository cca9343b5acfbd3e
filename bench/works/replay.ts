import Database from "better-sqlite3";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { judge } from "../goals.ts";
import { amounts, type DataFolder } from "../harness/data.ts";
import { copyOfData, logIn, startGatewayOn } from "../harness/field.ts";
import type { Pace } from "../harness/rounds.ts";
import { median, percentile, type Report, timeMs } from "../measure.ts";

const total = 1_000_000;
const perResponse = total / (amounts.agents * amounts.responses);
const replayed = 100;
const timesARound = 30;
const query = `subscription Replay($id: ID!, $after: Int) { responseProgress(id: $id, after: $after) { seq kind item { type raw } } }`;

/** The last 100 events of a response, from a log that holds a million. */
export async function replay(pace: Pace): Promise<Report> {
  await using data = await copyOfData();
  const ends = lengthen(data);
  const running = await startGatewayOn(data);
  const live = createClient({
    url: `${running.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${await logIn(running.url)}` },
    lazyCloseTimeout: 10_000,
  });
  const read = async ({ id, seq }: End) => {
    let count = 0;
    for await (const _event of live.iterate({ query, variables: { id, after: seq - replayed } })) count++;
    if (count !== replayed) throw new Error(`${count} events were replayed instead of ${replayed}`);
  };
  try {
    const times: number[] = [];
    for (const end of ends.slice(0, 20)) await read(end);
    for (const end of ends.slice(20, 20 + pace.rounds * timesARound)) times.push(await timeMs(() => read(end)));
    return { results: [judge("replay", percentile(times, 0.99), `p50 ${median(times).toFixed(1)} ms`)] };
  } finally {
    await live.dispose();
    await running.stop();
  }
}

/** A response with the seq of its last event. */
interface End {
  readonly id: string;
  readonly seq: number;
}

/** Gives every response a thousand events more; the last one ends it. Straight into the file, for it is so many. */
function lengthen({ database: path }: DataFolder): readonly End[] {
  const database = new Database(path);
  try {
    database.exec(`
      WITH RECURSIVE place(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM place WHERE number < ${perResponse})
      INSERT INTO Event (id, stream, seq, type, payload, actor, space, ownerId, partOf, at)
      SELECT (SELECT seq FROM Stream WHERE name = '*') + ROW_NUMBER() OVER (), last.stream, last.seq + number,
        CASE number WHEN ${perResponse} THEN 'response.status' ELSE 'response.item' END,
        CASE number WHEN ${perResponse} THEN last.payload
          ELSE json_set(last.payload, '$.status', NULL, '$.item', json_object('type', 'commentary', 'text', 'more')) END,
        last.actor, last.space, last.ownerId, last.partOf, last.at
      FROM place CROSS JOIN (SELECT e.* FROM Event e JOIN Stream s ON s.name = e.stream AND s.seq = e.seq
        WHERE e.stream LIKE 'response:%') AS last;
      UPDATE Stream SET seq = seq + ${perResponse} WHERE name LIKE 'response:%';
      UPDATE Stream SET seq = (SELECT MAX(id) FROM Event) WHERE name = '*';
    `);
    const ends = database.prepare<[], End>(
      "SELECT substr(name, 10) AS id, seq FROM Stream WHERE name LIKE 'response:%'",
    );
    return ends.all();
  } finally {
    database.close();
  }
}
