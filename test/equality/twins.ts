import type { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import { send } from "../rest/rest.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type Operation, snake } from "./operation.ts";

type Gateway = TestGateway<ReturnType<typeof createMemoryRuntime>>;

/** Who performs an operation: everything allowed, some of it in one space, nothing. */
export const people = ["admin", "developer", "stranger"] as const;
export type Person = (typeof people)[number];

/** How an operation ended: what it answered, or the code and the words of its refusal. */
type Outcome =
  | { readonly answer: unknown }
  | { readonly refusal: { readonly code: unknown; readonly message: unknown } };

interface Result {
  readonly outcome: Outcome;
  readonly events: readonly string[];
}

/** One gateway with its people, and the ids of what was made in it, in order. */
interface Twin {
  readonly gateway: Gateway;
  readonly tokens: Readonly<Record<Person, string | null>>;
  readonly ids: string[];
  /** The cursor of the last event that was compared. */
  seen: bigint;
}

/** Two gateways that begin alike: one is spoken to by REST, the other by GraphQL. */
export interface Twins {
  /** Performs the operation in both, and says what came of it in each. */
  perform(operation: Operation, person: Person): Promise<{ readonly byRest: Result; readonly byGraphql: Result }>;
  stop(): Promise<void>;
}

/** Starts the two. */
export async function startTwins(): Promise<Twins> {
  const [byRest, byGraphql] = await Promise.all([startTwin(), startTwin()]);
  return {
    async perform(operation, person) {
      const rest = await sendOverRest(byRest, operation, person);
      const graphql = await sendOverGraphql(byGraphql, operation, person);
      await Promise.all([byRest.gateway.settle(), byGraphql.gateway.settle()]);
      return {
        byRest: { outcome: rest, events: await newEvents(byRest) },
        byGraphql: { outcome: graphql, events: await newEvents(byGraphql) },
      };
    },
    stop: async () => void (await Promise.all([byRest.gateway.stop(), byGraphql.gateway.stop()])),
  };
}

async function startTwin(): Promise<Twin> {
  const gateway = await startTestGateway();
  await gateway.data(`mutation { createSpace(input: { name: "lab" }) { name } }`);
  for (const user of ["developer", "stranger"]) await makeAccount(gateway, user);
  const binding = { subject: "developer", role: "developer", space: "lab" };
  await gateway.data(`mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`, {
    input: binding,
  });
  const [developer, stranger] = await Promise.all(["developer", "stranger"].map((user) => logIn(gateway, user)));
  const tokens = { admin: gateway.adminToken, developer: developer ?? null, stranger: stranger ?? null };
  const twin: Twin = { gateway, tokens, ids: [], seen: 0n };
  await newEvents(twin);
  return twin;
}

const makeAccount = (gateway: Gateway, user: string) =>
  gateway.data(`mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) { id } }`, {
    input: { user, password: "long enough to be one" },
  });

const logIn = async (gateway: Gateway, user: string): Promise<string> =>
  (
    await gateway.data(
      `mutation ($user: String!) { login(user: $user, password: "long enough to be one") { token } }`,
      { user },
      null,
    )
  ).login.token;

async function sendOverRest(twin: Twin, operation: Operation, person: Person): Promise<Outcome> {
  const { method, path, body } = operation.rest(twin.ids);
  const { status, json } = await send(twin.gateway, method, path, { token: twin.tokens[person], body });
  if (status >= 400) return { refusal: { code: json.error.code, message: named(twin, json.error.message) } };
  return { answer: json === undefined ? null : remembered(twin, json) };
}

async function sendOverGraphql(twin: Twin, operation: Operation, person: Person): Promise<Outcome> {
  const { document, variables } = operation.graphql(twin.ids);
  const { data, errors } = await twin.gateway.graphql(document, variables, twin.tokens[person]);
  const [error] = errors ?? [];
  if (error) {
    const message = inRestWords(named(twin, error.message), error.extensions["field"]);
    return { refusal: { code: error.extensions.code, message } };
  }
  const [result] = Object.values(data);
  return { answer: remembered(twin, operation.shown(result)) };
}

/** REST writes the names of fields with underscores, also in its messages. */
const inRestWords = (message: string, field: unknown): string =>
  typeof field === "string" ? message.replaceAll(`"${field}"`, `"${snake(field)}"`) : message;

/** Remembers the id of what was made, and names everything by the order in which it was made. */
function remembered(twin: Twin, answer: unknown): unknown {
  const id = typeof answer === "object" && answer !== null && "id" in answer ? answer.id : null;
  if (typeof id === "string" && isUuid.test(id) && !twin.ids.includes(id)) twin.ids.push(id);
  return JSON.parse(named(twin, JSON.stringify(answer)), (key, value) => (later.has(key) ? undefined : value));
}

/** What the controller finds out, at a time of its own. */
const later: ReadonlySet<string> = new Set(["container_id", "persistent_volume_id", "started_at"]);

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const anyUuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** The text with ids by the order in which they were first answered; those that nobody was told are all alike. */
const named = (twin: Twin, text: string): string =>
  text.replaceAll(anyUuid, (id) => (twin.ids.includes(id) ? `#${twin.ids.indexOf(id)}` : "#"));

/** What was logged since it was last asked. Things that happen beside each other have no order, so it is sorted. */
async function newEvents(twin: Twin): Promise<readonly string[]> {
  const events = await twin.gateway.gateway.store.event.findMany({
    where: { id: { gt: twin.seen } },
    orderBy: { id: "asc" },
    select: { id: true, stream: true, type: true, payload: true, actor: true, space: true },
  });
  twin.seen = events.at(-1)?.id ?? twin.seen;
  return events.map(({ id: _id, ...event }) => named(twin, JSON.stringify(event))).toSorted();
}
