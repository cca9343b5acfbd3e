import { judge } from "../goals.ts";
import { query } from "../harness/ask.ts";
import { agentName } from "../harness/data.ts";
import { type Field, openField } from "../harness/field.ts";
import type { LoadRequest } from "../harness/load.ts";
import { newResponse } from "../harness/new-response.ts";
import { cpuRatio, type Pace, takeTurns } from "../harness/rounds.ts";
import { percentile, type Report, timeMs } from "../measure.ts";

const document = `mutation Append($id: ID!, $input: UpdateResponseInput!) { updateResponse(id: $id, input: $input) { id status } }`;
const item = { type: "commentary", channel: "analysis", text: "one more thought" };
const itemsAtOnce = 980;
const timed = 100;

type AppendField = Field<"bare" | "gateway">;

/** An item appended to a response, beside the bare transaction; and whether the 10,000th costs more than the first. */
export async function append(pace: Pace): Promise<Report> {
  await using field = await openField("bare", "gateway");
  const entrants = [
    {
      name: "bare",
      running: field.running.bare,
      requests: [bareAppend(field, await newResponse(field.running.bare.url, field.headers))],
    },
    {
      name: "gateway",
      running: field.running.gateway,
      requests: gatewayAppend(field, await newResponse(field.running.gateway.url, field.headers), 1),
    },
  ];
  // First, for it looks at the answers, and a load would take GraphQL's errors for success.
  const growth = await costOfLength(field);
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

/** The time of appends to a long response over that of appends to a new one. */
async function costOfLength(field: AppendField): Promise<number> {
  const id = await newResponse(field.running.gateway.url, field.headers);
  const [one] = gatewayAppend(field, id, 1);
  const [many] = gatewayAppend(field, id, itemsAtOnce);
  const send = async (request: LoadRequest | undefined) => {
    const { headers } = field;
    const answer = await fetch(`${field.running.gateway.url}/graphql`, {
      method: "POST",
      headers,
      body: request?.body ?? "",
    });
    const said = await answer.text();
    if (!answer.ok || said.includes('"errors"')) throw new Error(`an append was refused: ${said}`);
  };
  const times = async () => {
    const taken: number[] = [];
    for (let place = 0; place < timed; place++) taken.push(await timeMs(() => send(one)));
    return percentile(taken, 0.5);
  };
  await times(); // the first ones pay for what is compiled
  const first = await times();
  for (let place = 0; place < 10; place++) await send(many);
  return (await times()) / first;
}
