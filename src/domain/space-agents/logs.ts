import { badInput } from "../../errors.ts";
import { abortOn } from "../../events/abort-on.ts";
import type { Gateway } from "../../gateway.ts";
import type { LogLine } from "../../runtime/runtime.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { readComputerLog } from "../computers/logs.ts";
import { SeenLines } from "./seen-lines.ts";
import { spaceAgentStream } from "./space-agent.ts";

const usualLines = 100;
const mostLines = 1000;

/** How many lines are wanted, 100 unless somebody says. @throws BAD_USER_INPUT for a number that cannot be. */
export function checkLines(field: string, lines: number | null | undefined): number {
  const wanted = lines ?? usualLines;
  if (wanted >= 0 && wanted <= mostLines) return wanted;
  throw badInput(field, `"${field}" must be from 0 to ${mostLines}`);
}

/** The last lines that the main process of a deployed agent's computer printed. */
export async function readLogs(
  gateway: Pick<Gateway, "runtime">,
  computer: Pick<Computer, "id" | "generation">,
  tail: number,
  signal: AbortSignal,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  if (tail === 0) return lines;
  for await (const line of readComputerLog(gateway, computer, { tail, signal })) lines.push(line);
  return lines;
}

/**
 * The last lines of an agent's log and then what comes, also when it is started again, stopped and deployed anew; ends
 * when the agent is deleted.
 */
export async function* followLogs(
  gateway: Pick<Gateway, "store" | "runtime" | "tail">,
  id: string,
  tail: number,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const seen = new SeenLines(tail);
  while (!signal.aborted) {
    // It listens before the agent is read, so that a change between the two is not missed.
    const changes = abortOn(gateway.tail, spaceAgentStream(id), () => true);
    try {
      const agent = await gateway.store.spaceAgent.findUnique({ where: { id }, include: { computer: true } });
      if (!agent) return;
      if (agent.computer) yield* followComputer(gateway, agent.id, agent.computer, seen, signal);
      await aborted(AbortSignal.any([signal, changes.signal]));
    } finally {
      changes.stop();
    }
  }
}

/** Follows one computer's log until the agent has another one, or none. */
async function* followComputer(
  gateway: Pick<Gateway, "runtime" | "tail">,
  id: string,
  computer: Computer,
  seen: SeenLines,
  signal: AbortSignal,
) {
  const left = abortOn(
    gateway.tail,
    spaceAgentStream(id),
    ({ type, payload }) => type === "space-agent.deleted" || payload["computerId"] !== computer.id,
  );
  try {
    const until = AbortSignal.any([signal, left.signal]);
    const request = { tail: seen.open(computer), follow: true, signal: until };
    for await (const line of readComputerLog(gateway, computer, request)) {
      if (seen.isNew(line)) yield line;
    }
  } finally {
    left.stop();
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
