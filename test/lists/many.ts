import type { Store } from "../../src/store/store.ts";

const spaces = 10;
const states = ["IDLE", "SLEPT", "SLEPT", "SLEPT"] as const;
const firstAt = new Date("2026-01-01T00:00:00.000Z").getTime();

/** Where a row stands among so many: its number, its time, its space. */
const places = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const at = new Date(firstAt + Math.floor(index / 3) * 1000); // some were made in the same moment
    const number = String(index).padStart(6, "0");
    return { index, number, spaceName: `space-${index % spaces}`, times: { createdAt: at, updatedAt: at } };
  });

/** Writes agents and sessions, so many of each, with their computers; tags, and a long conversation of one session. */
export async function storeMany(store: Store, count: number): Promise<void> {
  const all = places(count);
  await store.space.createMany({
    data: places(spaces).map(({ spaceName, times }) => Object.assign({ name: spaceName }, times)),
  });
  await storeComputers(store, all);
  await store.agent.createMany({
    data: all.map(({ index, number, spaceName, times }) => ({
      id: `agent-${number}`,
      name: `agent-${number}`,
      nameKey: `agent-${number}`,
      spaceName,
      createdByName: "admin",
      state: states[index % states.length] ?? "SLEPT",
      computerId: `agent-${number}`,
      prepared: true,
      isPublished: index % 2 === 0,
      idleFrom: index % states.length === 0 ? new Date("2026-01-01T00:00:00.000Z") : null,
      ...times,
    })),
  });
  await store.agentTag.createMany({
    data: all.map(({ index, number }) => ({ agentId: `agent-${number}`, tag: `tag${index % 50}` })),
  });
  await storeSessions(store, all);
  await storeWork(store, all.slice(0, count / 2));
}

type Places = ReturnType<typeof places>;

async function storeComputers(store: Store, all: Places): Promise<void> {
  const phase = { desired: "STOPPED", phase: "STOPPED" } as const;
  for (const kind of ["agent", "session"]) {
    await store.computer.createMany({
      data: all.map(({ number, spaceName, times }) => ({
        id: `${kind}-${number}`,
        space: spaceName,
        ...phase,
        ...times,
      })),
    });
  }
}

const storeSessions = (store: Store, all: Places) =>
  store.session.createMany({
    data: all.map(({ number, spaceName, times }) => ({
      id: `session-${number}`,
      spaceName,
      createdByName: "admin",
      state: "SUSPENDED" as const,
      computerId: `session-${number}`,
      ...times,
    })),
  });

/** What one agent was asked, and what was said in one session. */
async function storeWork(store: Store, all: Places): Promise<void> {
  const asked = { respondentId: "agent-000000", agentId: "agent-000000", input: {}, status: "COMPLETED" } as const;
  await store.response.createMany({
    data: all.map(({ number, times }) => ({ id: `response-${number}`, ...asked, ...times })),
  });
  await store.message.createMany({
    data: all.map(({ index, number, times: { createdAt } }) => ({
      id: `message-${number}`,
      sessionId: "session-000000",
      seq: index + 1,
      role: "USER" as const,
      content: "hello",
      createdAt,
    })),
  });
}
