import { commit } from "../../src/events/commit.ts";
import { asPayload } from "../../src/events/append.ts";
import type { Gateway } from "../../src/gateway.ts";
import type { Prisma } from "../../src/store/generated/client/client.ts";
import type { Transaction } from "../../src/store/store.ts";

/** What of a space agent builds look at. */
export interface Described {
  readonly name: string;
  readonly sourceRepo: string;
  readonly sourceBranch?: string;
  readonly spaceName?: string;
}

type Change = "created" | "changed" | "deleted";

const payloadOf = (agent: object) => asPayload(agent);

async function write(gateway: Gateway, change: Change, work: (tx: Transaction) => Promise<object>) {
  await commit(gateway, async ({ tx, emit }) => {
    const agent = (await work(tx)) as { id: string; spaceName: string }; // a row of space agents
    const [stream, payload] = [`space-agent:${agent.id}`, payloadOf(agent)];
    await emit({ stream, type: `space-agent.${change}`, space: agent.spaceName, payload });
  });
}

/** Adds a space agent as its room does. */
export const addAgent = (gateway: Gateway, { spaceName = "default", ...agent }: Described) =>
  write(gateway, "created", (tx) =>
    tx.spaceAgent.create({
      data: { id: gateway.newId(), spaceName, ...agent, createdAt: gateway.now(), updatedAt: gateway.now() },
    }),
  );

/** Changes a space agent as its room does. */
export const changeAgent = (
  gateway: Gateway,
  name: string,
  data: Prisma.SpaceAgentUpdateInput,
  spaceName = "default",
) => write(gateway, "changed", (tx) => tx.spaceAgent.update({ where: { spaceName_name: { spaceName, name } }, data }));

/** Deletes a space agent as its room does. */
export const deleteAgent = (gateway: Gateway, name: string, spaceName = "default") =>
  write(gateway, "deleted", (tx) => tx.spaceAgent.delete({ where: { spaceName_name: { spaceName, name } } }));

/** A space's builds, the newest first. */
export const buildsOf = (gateway: Gateway, spaceName = "default") =>
  gateway.store.build.findMany({ where: { spaceName }, orderBy: [{ createdAt: "desc" }, { id: "desc" }] });

/** All that a build said. */
export async function logOf(gateway: Gateway, id: string): Promise<string> {
  const events = await gateway.store.event.findMany({
    where: { stream: `build:${id}`, type: "build.log" },
    orderBy: { seq: "asc" },
  });
  return events.map(({ payload }) => (payload as { text: string }).text).join("\n");
}

/** The types of a build's events, in order; lines of the log counted as one. */
export async function storyOf(gateway: Gateway, id: string): Promise<string[]> {
  const events = await gateway.store.event.findMany({ where: { stream: `build:${id}` }, orderBy: { seq: "asc" } });
  return events.map(({ type }) => type).filter((type, place, all) => type !== "build.log" || all[place - 1] !== type);
}
