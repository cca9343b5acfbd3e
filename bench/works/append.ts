import { judge } from "../goals.ts";
import { query } from "../harness/ask.ts";
import { agentName } from "../harness/data.ts";
import { type Field, openField } from "../harness/field.ts";
import type { LoadRequest } from "../harness/load.ts";
import { newResponse } from "../harness/new-response.ts";
import type { Running } from "../harness/program.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { requireSameAnswers } from "../harness/same-answers.ts";
import { median, type Report, timeMs } from "../measure.ts";

const document = `mutation Append($id: ID!, $input: UpdateResponseInput!) { updateResponse(id: $id, input: $input) { id status } }`;
const item = { type: "commentary", channel: "analysis", text: "one more thought" };
const length = 9900;
const itemsAtOnce = 990;
const timed = 200;

type AppendField = Field<"bare" | "gateway">;

/** An item appended to a response, beside the bare transaction; and whether the 10,000th costs more than the first. */
export async function append(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway");
  const { bare, gateway } = field.running;
  const growth = await costOfLength(field);
  const appendTo = async ({ url }: Running) => gatewayAppend(field, await newResponse(url, field.headers), 1);
  const [bareId, requests] = [await newResponse(bare.url, field.headers), await appendTo(gateway)];
  const entrants = [
    { name: "bare", running: bare, requests: [bareAppend(field, bareId)] },
    { name: "gateway", running: gateway, requests },
  ];
  await requireSameAnswers(entrants, { madeNew: true });
  const measured = await takeTurns("append of an item", entrants, pace);
  return {
    results: [judge("appendToBare", cpuRatio(measured, "gateway", "bare")), judge("appendLast", growth)],
    measured,
  };
}

const bareAppend = ({ headers }: AppendField, id: string): LoadRequest => ({
  method: "POST",
  path: `/api/v0/agents/${agentName(0)}/responses/${id}`,
  headers,
  body: JSON.stringify({ output: { items: [item] } }),
});

const gatewayAppend = ({ headers }: AppendField, id: string, count: number): readonly LoadRequest[] =>
  query(document, [{ id, input: { output: { items: Array.from({ length: count }, () => item) } } }], headers);

/** The time of appends to a response of 10,000 items over that of appends to a new one, in turn. */
async function costOfLength(field: AppendField): Promise<number> {
  const { url } = field.running.gateway;
  const [short, long] = [await newResponse(url, field.headers), await newResponse(url, field.headers)];
  const send = async (id: string, count: number) => {
    for (const { path, method, headers, body } of gatewayAppend(field, id, count)) {
      const answer = await fetch(url + path, { method, headers, body: body ?? "" });
      const said = await answer.text();
      if (!answer.ok || said.includes('"errors"')) throw new Error(`an append was refused: ${said}`);
    }
  };
  for (let filled = 0; filled < length; filled += itemsAtOnce) await send(long, itemsAtOnce);
  const times = { short: [] as number[], long: [] as number[] };
  for (let place = 0; place < timed; place++) {
    times.short.push(await timeMs(() => send(short, 1)));
    times.long.push(await timeMs(() => send(long, 1)));
  }
  return median(times.long) / median(times.short);
}
