import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { readConfig } from "../../src/config.ts";
import { append } from "../../src/events/append.ts";
import type { NewEvent } from "../../src/events/event.ts";
import type { Gateway } from "../../src/gateway.ts";
import { startGateway } from "../../src/start.ts";
import type { ServiceAccount } from "../../src/store/generated/client/client.ts";

/** What every contestant is started with: the same secret, so that one token opens all. Logs are as they come. */
export const benchEnv = {
  PORT: "0",
  RAWORC_RUNTIME: "memory",
  RAWORC_ADMIN_PASSWORD: "bench",
  RAWORC_JWT_SECRET: "the secret of a bench that nobody else can reach",
  RAWORC_MAX_LOGINS_PER_MINUTE: "1000000",
  RAWORC_MAX_MUTATIONS_PER_MINUTE: "10000000",
} as const;

/** How much there is. Every response has a status, its items and a last status; a crowd has more agents. */
export const amounts = { agents: 200, responses: 5, items: 4, crowd: 10_000 } as const;

export const agentName = (number: number) => `agent-${String(number).padStart(4, "0")}`;

export const agentNames = (count: number) => Array.from({ length: count }, (_, number) => agentName(number));

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
  await withStore(folder, async (gateway) => {
    for (let number = 0; number < amounts.agents; number++) await fillAgent(gateway, number);
  });
  return folder;
}

/** Adds the agents that a crowd has more; nobody ever asked these anything. */
export const addCrowd = (folder: DataFolder): Promise<void> =>
  withStore(folder, async (gateway) => {
    const { store } = gateway;
    const owner = await store.serviceAccount.findFirstOrThrow();
    for (let number = amounts.agents; number < amounts.crowd; number += rowsAtOnce) {
      const length = Math.min(rowsAtOnce, amounts.crowd - number);
      const rows = Array.from({ length }, (_, place) => rowsOf(gateway, owner, number + place));
      await store.computer.createMany({ data: rows.map(({ computer }) => computer) });
      await store.agent.createMany({ data: rows.map(({ agent }) => agent) });
    }
  });

const rowsAtOnce = 500;

/** Opens a folder's data as the gateway does. */
async function withStore(folder: DataFolder, work: (gateway: Gateway) => Promise<void>): Promise<void> {
  const config = readConfig({ ...benchEnv, RAWORC_DATA_DIR: folder.path });
  const running = await startGateway(config, pino({ level: "silent" }));
  try {
    await work(running.gateway);
  } finally {
    await running.stop();
  }
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
const stepMs = 100;

/** An agent that sleeps, so that no controller has anything to do with it. */
function rowsOf(gateway: Gateway, owner: ServiceAccount, number: number) {
  const [id, computerId, name] = [gateway.newId(), gateway.newId(), agentName(number)];
  const at = new Date(beginMs + number * stepMs);
  const times = { createdAt: at, updatedAt: at };
  const known = { id, name, nameKey: name, spaceName: "default", computerId, lastActivityAt: at, prepared: true };
  const said = { description: `Agent number ${number} of the bench`, metadata: { team: "bench" }, tags: ["bench"] };
  const maker = { createdById: owner.id, createdByName: owner.user };
  return {
    // Whoever is woken gets a new volume.
    computer: { id: computerId, space: "default", desired: "STOPPED", phase: "ABSENT", ...times } as const,
    agent: { ...known, ...said, ...maker, state: "SLEPT", engine: "EXTERNAL", ...times } as const,
  };
}

async function fillAgent(gateway: Gateway, number: number): Promise<void> {
  await gateway.store.transact(async (tx, sql) => {
    const owner = await tx.serviceAccount.findFirstOrThrow();
    const { computer, agent } = rowsOf(gateway, owner, number);
    const { id, name, createdAt: at, updatedAt } = agent;
    await tx.computer.create({ data: computer });
    await tx.agent.create({ data: agent });
    for (let place = 0; place < amounts.responses; place++) {
      const response = { id: gateway.newId(), respondentId: id, agentId: id, status: "COMPLETED" } as const;
      const texts = { input: { text: `question ${place}` }, outputText: `answer ${place}` };
      await tx.response.create({
        data: { ...response, ...texts, createdAt: at, updatedAt, createdByName: owner.user },
      });
      await append(sql, eventsOf(response.id, id, name, owner.id), { actor: owner.user, at });
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
