import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { readConfig } from "../../src/config.ts";
import { append } from "../../src/events/append.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { startGateway, type RunningGateway } from "../../src/start.ts";

/** What every contestant is started with: the same secret, so that one token opens all. */
export const benchEnv = {
  PORT: "0",
  LOG_LEVEL: "error",
  RAWORC_RUNTIME: "memory",
  RAWORC_ADMIN_PASSWORD: "bench",
  RAWORC_JWT_SECRET: "the secret of a bench that nobody else can reach",
  RAWORC_MAX_LOGINS_PER_MINUTE: "1000000",
  RAWORC_MAX_MUTATIONS_PER_MINUTE: "10000000",
} as const;

/** How much there is. Every response has a status, its items and a last status. */
export const amounts = { agents: 200, responses: 5, items: 4 } as const;

export const agentName = (number: number) => `agent-${String(number).padStart(4, "0")}`;

/** A folder that goes when the bench is done with it. */
export interface DataFolder extends AsyncDisposable {
  readonly path: string;
  readonly database: string;
  /** The same data for somebody else. */
  copy(): Promise<DataFolder>;
}

/** Makes a data folder and fills it through the gateway's own store: an administrator, agents, responses, items. */
export async function makeData(): Promise<DataFolder> {
  const folder = await emptyFolder();
  const config = readConfig({ ...benchEnv, RAWORC_DATA_DIR: folder.path });
  const running = await startGateway(config, pino({ level: "silent" }));
  try {
    for (let number = 0; number < amounts.agents; number++) await fillAgent(running, number);
  } finally {
    await running.stop();
  }
  return folder;
}

async function emptyFolder(): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), "raworc-bench-"));
  return {
    path,
    database: join(path, "gateway.db"),
    async copy() {
      const other = await emptyFolder();
      await cp(path, other.path, { recursive: true });
      return other;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Young enough that no event is to be forgotten yet. */
const beginMs = Date.now() - 3_600_000;

/** An agent that sleeps, so that no controller has anything to do with it. */
async function fillAgent({ gateway }: RunningGateway, number: number): Promise<void> {
  const { store } = gateway;
  const [id, computerId, name] = [gateway.newId(), gateway.newId(), agentName(number)];
  const at = new Date(beginMs + number * 1000);
  const times = { createdAt: at, updatedAt: at };
  const stopped = { desired: "STOPPED", phase: "ABSENT" } as const; // whoever is woken gets a new volume
  const known = { id, name, nameKey: name, spaceName: "default", computerId, lastActivityAt: at, prepared: true };
  const said = { description: `Agent number ${number} of the bench`, metadata: { team: "bench" }, tags: ["bench"] };
  await store.$transaction(async (tx) => {
    const owner = await tx.serviceAccount.findFirstOrThrow();
    const maker = { createdById: owner.id, createdByName: owner.user };
    await tx.computer.create({ data: { id: computerId, space: "default", ...stopped, ...times } });
    await tx.agent.create({ data: { ...known, ...said, ...maker, state: "SLEPT", engine: "EXTERNAL", ...times } });
    for (let place = 0; place < amounts.responses; place++) {
      const response = { id: gateway.newId(), respondentId: id, agentId: id, status: "COMPLETED" } as const;
      const texts = { input: { text: `question ${place}` }, outputText: `answer ${place}` };
      await tx.response.create({ data: { ...response, ...texts, ...times, createdByName: owner.user } });
      await append(tx, eventsOf(response.id, id, name, owner.id), { actor: owner.user, at });
    }
  });
}

function eventsOf(id: string, agentId: string, agent: string, ownerId: string): NewEvent[] {
  const event = (type: string, facts: object): NewEvent => ({
    stream: `response:${id}`,
    type,
    space: "default",
    ownerId,
    partOf: "agents",
    payload: { id, agent, agentId, ...facts },
  });
  const items = Array.from({ length: amounts.items }, (_, place) =>
    event("response.item", { item: { type: "commentary", channel: "analysis", text: `thought ${place}` } }),
  );
  const [first, last] = ["PENDING", "COMPLETED"].map((status) => event("response.status", { status }));
  return first && last ? [first, ...items, last] : [];
}
