import { randomUUID } from "node:crypto";
import type { Prisma } from "../../src/store/generated/client/client.ts";

const at = new Date("2026-03-01T12:00:00.000Z");

/** A space to be written; only its name matters. */
export const space = (name: string = randomUUID()): Prisma.SpaceCreateInput => ({ name, createdAt: at, updatedAt: at });

/** A computer to be written, which an agent needs. */
export const computer = (id: string = randomUUID()): Prisma.ComputerCreateInput => ({
  id,
  space: "default",
  createdAt: at,
  updatedAt: at,
});

/** An agent to be written, with its computer, in a space that exists. */
export const agent = (name: string, spaceName: string): Prisma.AgentCreateInput => ({
  id: randomUUID(),
  name,
  nameKey: name.toLowerCase(),
  space: { connect: { name: spaceName } },
  createdByName: "tester",
  computer: { create: computer() },
  createdAt: at,
  updatedAt: at,
});

/** An event to be written. */
export const event = (id: bigint, payload: Prisma.InputJsonValue = {}): Prisma.EventCreateInput => ({
  id,
  stream: "test",
  seq: Number(id % 1_000_000n),
  type: "test",
  payload,
  at,
});
