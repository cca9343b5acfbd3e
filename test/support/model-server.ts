import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One thing the server does while it answers a request, in the order given. */
export type Act =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "toolCall"; readonly tool: string; readonly args: unknown; readonly id?: string }
  | { readonly kind: "rawChunk"; readonly data: string }
  | { readonly kind: "hang" }
  | { readonly kind: "breakOff" };

/** The answer to one request. */
export type Reply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly message?: string }
  | { readonly acts: readonly Act[]; readonly finish?: string; readonly usage?: readonly [number, number] };

export interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
}

export interface RequestBody {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content?: unknown;
    readonly tool_calls?: readonly {
      readonly id: string;
      readonly function: { readonly name: string; readonly arguments: string };
    }[];
    readonly tool_call_id?: string;
  }[];
  readonly tools?: readonly unknown[];
}

export const say = (text: string): Reply => ({ acts: [{ kind: "text", text }] });
export const use = (tool: string, args: unknown, ...before: Act[]): Reply => ({
  acts: [...before, { kind: "toolCall", tool, args }],
});

/** A model provider on loopback that does what its script says, request by request. */
export interface ModelServer {
  /** Give this as `OPENAI_BASE_URL`, or as the base URL of Anthropic's API. */
  readonly baseUrl: string;
  readonly requests: readonly RecordedRequest[];
  /** Adds replies; a request beyond the script is answered with status 418. */
  script(...replies: Reply[]): void;
  /** Resolves when the client has gone away from a request that hangs. */
  readonly clientGone: Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Speaks the streaming protocols of OpenAI's chat completions (`/chat/completions`) and of Anthropic's
 * messages (`/messages`, text and tool calls only).
 */
export async function startModelServer(...replies: Reply[]): Promise<ModelServer> {
  const requests: RecordedRequest[] = [];
  const gone = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    void answer(request, response, requests, replies, gone.resolve);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    script: (...more) => void replies.push(...more),
    clientGone: gone.promise,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  requests: RecordedRequest[],
  replies: Reply[],
  clientGone: () => void,
) {
  const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as RequestBody; // sent by the SDK
  const path = request.url ?? "";
  requests.push({ path, headers: request.headers, body });
  const reply = replies.shift() ?? { status: 418, message: "the script has no further reply" };
  if ("status" in reply) return refuse(response, reply);
  response.on("close", clientGone);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const protocol = path.endsWith("/messages") ? anthropic : openai;
  for (const event of protocol(reply, requests.length)) {
    if (event === "hang") return;
    if (event === "breakOff") return setImmediate(() => response.destroy());
    await new Promise((written) => response.write(event, written));
  }
  response.end();
}

function refuse(response: ServerResponse, reply: Extract<Reply, { status: number }>) {
  response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
  response.end(JSON.stringify({ type: "error", error: { type: "error", message: reply.message ?? "refused" } }));
}

type Streamed = Extract<Reply, { acts: readonly Act[] }>;

const halves = (text: string) => [text.slice(0, text.length / 2), text.slice(text.length / 2)];
const argumentText = (args: unknown) => (typeof args === "string" ? args : JSON.stringify(args));
const finishOf = (reply: Streamed, whenDone: string, whenTools: string) =>
  reply.finish ?? (reply.acts.some(({ kind }) => kind === "toolCall") ? whenTools : whenDone);

function* openai(reply: Streamed, number: number) {
  const event = (data: unknown) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
  const chunk = (delta: unknown, finish?: string) =>
    event({ id: `chat-${number}`, choices: [{ index: 0, delta, ...(finish ? { finish_reason: finish } : {}) }] });
  let index = 0;
  for (const act of reply.acts) {
    if (act.kind === "hang" || act.kind === "breakOff") yield act.kind;
    else if (act.kind === "rawChunk") yield event(act.data);
    else if (act.kind === "text") for (const content of halves(act.text)) yield chunk({ content });
    else if (act.kind === "reasoning") yield chunk({ reasoning_content: act.text });
    else {
      const id = act.id ?? `call-${number}-${index}`;
      const [first, second] = halves(argumentText(act.args));
      yield chunk({ tool_calls: [{ index, id, type: "function", function: { name: act.tool, arguments: first } }] });
      yield chunk({ tool_calls: [{ index, function: { arguments: second } }] });
      index += 1;
    }
  }
  yield chunk({}, finishOf(reply, "stop", "tool_calls"));
  const [input, output] = reply.usage ?? [10, 5];
  yield event({ id: `chat-${number}`, choices: [], usage: { prompt_tokens: input, completion_tokens: output } });
  yield event("[DONE]");
}

function* anthropic(reply: Streamed, number: number) {
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const [input, output] = reply.usage ?? [10, 5];
  const message = { id: `msg-${number}`, type: "message", role: "assistant", model: "claude", content: [] };
  yield event("message_start", {
    message: { ...message, stop_reason: null, usage: { input_tokens: input, output_tokens: 1 } },
  });
  for (const [index, act] of reply.acts.entries()) {
    if (act.kind === "hang" || act.kind === "breakOff") yield act.kind;
    else if (act.kind === "text") {
      yield event("content_block_start", { index, content_block: { type: "text", text: "" } });
      for (const text of halves(act.text)) {
        yield event("content_block_delta", { index, delta: { type: "text_delta", text } });
      }
      yield event("content_block_stop", { index });
    } else if (act.kind === "toolCall") {
      const block = { type: "tool_use", id: act.id ?? `toolu_${number}_${index}`, name: act.tool, input: {} };
      yield event("content_block_start", { index, content_block: block });
      for (const part of halves(argumentText(act.args))) {
        yield event("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: part } });
      }
      yield event("content_block_stop", { index });
    }
  }
  const delta = { stop_reason: finishOf(reply, "end_turn", "tool_use"), stop_sequence: null };
  yield event("message_delta", { delta, usage: { output_tokens: output } });
  yield event("message_stop", {});
}
