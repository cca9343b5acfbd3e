import type { Runtime } from "../../src/runtime/runtime.ts";
import { untilState } from "../support/agents.ts";
import type { TestGateway } from "../support/gateway.ts";

/** What a test sends; as the administrator unless another token, or `null`, is given. */
export interface Sending {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string goes as it is, still called JSON. */
  readonly body?: unknown;
}

/** An answer of the REST API. */
export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it asked for
  readonly json: any;
}

/** Sends one request below `/api/v0`. */
export async function send(
  gateway: TestGateway<Runtime>,
  method: string,
  path: string,
  sending: Sending = {},
): Promise<Received> {
  const { token = gateway.adminToken, body } = sending;
  const response = await fetch(`${gateway.url}/api/v0${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...sending.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") && text !== "";
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** What every refusal looks like: the message twice, and a code. */
export const refusalBody = (code: string, message: unknown) => ({ message, error: { code, message } });

/** An agent that waits for outside workers and is IDLE. */
export async function makeAgent(gateway: TestGateway<Runtime>, name: string, body: object = {}): Promise<void> {
  const { status, text } = await send(gateway, "POST", "/agents", { body: { name, ...body } });
  if (status !== 200) throw new Error(text);
  await untilState(gateway, name, "IDLE");
}

/** Asks an agent and answers the response's id. */
export async function ask(gateway: TestGateway<Runtime>, name: string, text: string): Promise<string> {
  return (await send(gateway, "POST", `/agents/${name}/responses`, { body: { input: { text } } })).json.id;
}
