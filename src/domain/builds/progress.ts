import { badInput } from "../../errors.ts";
import type { LogEvent } from "../../events/event.ts";
import { type FollowOptions, followStream } from "../../events/follow.ts";
import { headOf, readStream } from "../../events/read.ts";
import type { Gateway } from "../../gateway.ts";
import type { BuildStatus } from "../../store/generated/client/client.ts";
import { buildStream, isTerminal } from "./build.ts";
import { buildFactsOf } from "./change.ts";
import { textOf } from "./lines.ts";

/** One step of a build as watchers see it. */
export interface Progress {
  readonly buildId: string;
  readonly seq: number;
  readonly at: Date;
  readonly kind: "LOG" | "STATUS";
  readonly line: string | null;
  readonly status: BuildStatus | null;
}

const pageSize = 100;

/**
 * Everything that happens to a build after `after`, in order, without a gap and nothing twice; ends after the one
 * terminal status, or when `signal` aborts. What was forgotten of the log of an old build is passed over.
 *
 * @throws BAD_USER_INPUT when `after` lies beyond what has happened.
 */
export async function* followBuild(
  gateway: Pick<Gateway, "store" | "tail">,
  id: string,
  after: number,
  signal: AbortSignal,
  options: FollowOptions = {},
): AsyncGenerator<Progress, void, undefined> {
  // In this order: a build that ends between the two is followed to its end.
  const ended = await hasEnded(gateway, id);
  const head = Number(await headOf(gateway.store, buildStream(id)));
  if (after < 0 || after > head) throw badInput("after", `"after" must be from 0 to ${head}, the newest seq`);
  if (ended) return yield* whatHappened(gateway, id, after, signal);
  for await (const followed of followStream(gateway, buildStream(id), BigInt(after), signal, options)) {
    if (followed.kind === "delta") continue;
    const progress = progressOf(id, followed.event);
    yield progress;
    if (progress.status && isTerminal(progress.status)) return;
  }
}

/** The end of an old build may have been forgotten, so that it cannot be waited for. */
async function* whatHappened(
  { store }: Pick<Gateway, "store">,
  id: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Progress, void, undefined> {
  for (let place = BigInt(after); !signal.aborted; ) {
    const { events, through, more } = await readStream(store, buildStream(id), place, pageSize);
    for (const event of events) yield progressOf(id, event);
    if (!more) return;
    place = through;
  }
}

const hasEnded = async ({ store }: Pick<Gateway, "store">, id: string) => {
  const build = await store.build.findUnique({ where: { id }, select: { status: true } });
  return !build || isTerminal(build.status);
};

function progressOf(buildId: string, event: LogEvent): Progress {
  const { seq, at } = event;
  if (event.type === "build.log") return { buildId, seq, at, kind: "LOG", line: textOf(event), status: null };
  return { buildId, seq, at, kind: "STATUS", line: null, status: buildFactsOf(event).status };
}
