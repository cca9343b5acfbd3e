import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { startTestGateway } from "../support/gateway.ts";

/** What is asked, by whatever transport. */
export interface Asked {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
  /** `null` is nobody; left out, the administrator. */
  readonly token?: string | null;
}

/** What came back; the status where the transport has one. */
export interface Answered {
  readonly status?: number;
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: unknown } }[];
}

export type Ask = (asked: Asked) => Promise<Answered>;
type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

/** Every way to ask one operation. What Yoga is sent, it is sent for its odd way to say what it accepts. */
export function waysToAsk(gateway: TestGateway): Readonly<Record<string, Ask>> {
  return {
    "a plain POST": post(gateway, "application/json"),
    "a plain POST for the new media type": post(gateway, "application/graphql-response+json"),
    "a POST through Yoga": post(gateway, "application/json;q=0.9"),
    "a POST through Yoga for the new media type": post(gateway, "application/graphql-response+json;q=0.9"),
    "a GET": get(gateway),
    "a socket": socket(gateway),
  };
}

const bearer = (gateway: TestGateway, { token = gateway.adminToken }: Asked): Record<string, string> =>
  token === null ? {} : { authorization: `Bearer ${token}` };

const post =
  (gateway: TestGateway, accept: string): Ask =>
  async ({ query, variables, operationName, ...asked }) => {
    const headers = { "content-type": "application/json", accept, ...bearer(gateway, asked as Asked) };
    const body = JSON.stringify({ query, variables, operationName });
    const response = await fetch(`${gateway.url}/graphql`, { method: "POST", headers, body });
    return { status: response.status, ...((await response.json()) as Answered) };
  };

const get =
  (gateway: TestGateway): Ask =>
  async (asked) => {
    const { query, variables, operationName } = asked;
    const parts = { query, variables: variables && JSON.stringify(variables), operationName };
    const given = Object.entries(parts).filter((part): part is [string, string] => part[1] !== undefined);
    const headers = { accept: "application/json", ...bearer(gateway, asked) };
    const response = await fetch(`${gateway.url}/graphql?${String(new URLSearchParams(given))}`, { headers });
    return { status: response.status, ...((await response.json()) as Answered) };
  };

const socket =
  (gateway: TestGateway): Ask =>
  async (asked) => {
    const client = createClient({
      url: `${gateway.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: bearer(gateway, asked),
    });
    try {
      return await firstOf(client, asked);
    } finally {
      await client.dispose();
    }
  };

const firstOf = (client: Client, { query, variables, operationName }: Asked): Promise<Answered> =>
  new Promise((resolve, reject) => {
    client.subscribe(
      { query, variables: variables ?? null, operationName: operationName ?? null },
      {
        next: resolve,
        error: (errors: unknown) => (Array.isArray(errors) ? resolve({ errors }) : reject(errors)),
        complete: () => reject(new Error("It ended without an answer")),
      },
    );
  });
