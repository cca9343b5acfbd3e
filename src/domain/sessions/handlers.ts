import type { Session } from "../../store/generated/client/client.ts";
import type { Store, Transaction } from "../../store/store.ts";
import { builtAgentsOf, type Manifest } from "../builds/build.ts";

/** A space agent whose code is in the image of a session's computer. */
export interface SessionHandler {
  readonly name: string;
  readonly manifest: Manifest;
}

type Reader = Pick<Store | Transaction, "build" | "spaceAgent">;
type Built = Pick<Session, "spaceName" | "buildId">;

/** The space agents that can answer in a session: built into its image without an error, and not switched off. */
export async function handlersOf(store: Reader, session: Built): Promise<readonly SessionHandler[]> {
  const built = await builtInto(store, session);
  if (built.length === 0) return [];
  const agents = await store.spaceAgent.findMany({
    where: { spaceName: session.spaceName, status: { not: "INACTIVE" } },
    select: { name: true },
  });
  const active = new Set(agents.map(({ name }) => name));
  return built.filter(({ name }) => active.has(name));
}

/** The space agent of that name in the session's image; `null` when it is not there. */
export const handlerNamed = async (store: Pick<Reader, "build">, session: Built, name: string) =>
  (await builtInto(store, session)).find((handler) => handler.name === name) ?? null;

async function builtInto(store: Pick<Reader, "build">, session: Built): Promise<readonly SessionHandler[]> {
  if (session.buildId === null) return [];
  const build = await store.build.findUnique({ where: { id: session.buildId, spaceName: session.spaceName } });
  const agents = build ? builtAgentsOf(build) : [];
  return agents.flatMap(({ name, manifest, error }) => (manifest && error === null ? [{ name, manifest }] : []));
}
