import type { Kind, ListKind } from "../events/remembered.ts";
import type { Context } from "./context.ts";

/** What is remembered is there at once; what is not has to be waited for. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with a value as soon as it is there, which may be at once. */
export const whenThere = <T, R>(value: MaybePromise<T>, goOn: (value: T) => R): MaybePromise<R> =>
  isThere(value) ? goOn(value) : value.then(goOn);

/** Prisma's promises are none of the language's. */
const isThere = <T>(value: MaybePromise<T>): value is T =>
  typeof value !== "object" || value === null || !("then" in value);

type ReadMany<T> = (keys: readonly string[]) => Promise<readonly T[]>;

/** The value of a key. Those of one call that are not remembered are read together. */
export function rememberedOne<T>(
  context: Context,
  kind: Kind<T>,
  key: string,
  read: ReadMany<T | null>,
): MaybePromise<T | null> {
  const { memory } = context.gateway;
  const load = (keys: readonly string[]) => memory.load(kind, keys, read);
  return memory.recall(kind, key) ?? context.loader(kind.name, load).load(key);
}

/** What is said of an owner, such as how much it has. What is said of the many owners of one call is read together. */
export function rememberedOf<T>(
  context: Context,
  kind: Kind<T>,
  owner: string,
  asked: object,
  read: ReadMany<T>,
): MaybePromise<T> {
  const { memory } = context.gateway;
  const suffix = ` ${JSON.stringify(asked)}`;
  const load = (keys: readonly string[]) => memory.load<T>(kind, keys, (missing) => read(ownersIn(missing, suffix)));
  return (
    memory.recall(kind, owner + suffix) ?? (context.loader(kind.name + suffix, load).load(owner + suffix) as Promise<T>)
  ); // read gives one
}

/** A list of what belongs to an owner. The lists of the many owners of one call are read together. */
export function rememberedListOf<Row>(
  context: Context,
  kind: ListKind<Row>,
  owner: string,
  asked: object,
  read: ReadMany<readonly Row[]>,
): MaybePromise<readonly Row[]> {
  const { memory } = context.gateway;
  const suffix = ` ${JSON.stringify(asked)}`;
  const load = (keys: readonly string[]) => memory.loadLists(kind, keys, (missing) => read(ownersIn(missing, suffix)));
  return memory.recallList(kind, owner + suffix) ?? context.loader(kind.name + suffix, load).load(owner + suffix);
}

const ownersIn = (keys: readonly string[], suffix: string) => keys.map((key) => key.slice(0, -suffix.length));

/** A list of its own, known by what was asked. */
export function rememberedList<Row>(
  { gateway: { memory } }: Context,
  kind: ListKind<Row>,
  asked: object,
  read: () => Promise<readonly Row[]>,
): MaybePromise<readonly Row[]> {
  const key = JSON.stringify(asked);
  const load = async () => (await memory.loadLists(kind, [key], async () => [await read()]))[0] ?? [];
  return memory.recallList(kind, key) ?? load();
}

/** A value of its own, such as a count, known by what was asked. */
export function remembered<T>(
  { gateway: { memory } }: Context,
  kind: Kind<T>,
  asked: object,
  read: () => Promise<T>,
): MaybePromise<T> {
  const key = JSON.stringify(asked);
  const load = async () => (await memory.load<T>(kind, [key], async () => [await read()]))[0] as T; // read gives one
  return memory.recall(kind, key) ?? load();
}
