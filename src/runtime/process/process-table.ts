import { readdirSync, readFileSync } from "node:fs";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";

/** The variable that marks every process of a command, whatever group or session it moved to. */
export const markerVariable = "RAWORC_COMMAND";

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** One letter as in `/proc/PID/stat`: `T` is stopped, `Z` has ended. */
  readonly state: string;
  readonly cpuTicks: number;
  readonly marker: string | null;
}

/** Picks processes by the value of their marker. */
export type IsWanted = (marker: string) => boolean;

const killRounds = 200;
const roundPauseMs = 5;
/** `/proc` counts processor time in these on every Linux. */
export const ticksPerSecond = 100;

/**
 * Every living process that carries a wanted marker, and everything below and beside those: children, and
 * all of their sessions, so that a process that emptied its environment is found as long as a relative is.
 * `sessions` remembers them from one look to the next, since relatives may have ended meanwhile.
 * Empty where there is no `/proc` (macOS), which leaves process groups only.
 */
export const processesOf = (isWanted: IsWanted, sessions = new Set<number>()): readonly ProcessEntry[] =>
  wantedOf(readTable(), isWanted, sessions);

function wantedOf(all: readonly ProcessEntry[], isWanted: IsWanted, sessions: Set<number>): readonly ProcessEntry[] {
  const pids = new Set<number>();
  const isOne = ({ marker, parent, session }: ProcessEntry) =>
    (marker !== null && isWanted(marker)) || pids.has(parent) || sessions.has(session);
  for (let before = -1; before !== pids.size; ) {
    before = pids.size;
    for (const entry of all.filter(isOne)) {
      pids.add(entry.pid);
      sessions.add(entry.session);
    }
  }
  return all.filter(({ pid }) => pids.has(pid));
}

let soon: Promise<readonly ProcessEntry[]> | null = null;

/** The table as it is a moment later. It is read once for all who ask meanwhile: many commands may end together. */
const tableSoon = (): Promise<readonly ProcessEntry[]> =>
  (soon ??= nextTurn().then(() => {
    soon = null;
    return readTable();
  }));

/** Read in one go without waiting: the table must not change more than it has to between two entries. */
function readTable(): readonly ProcessEntry[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readEntry(Number(name)) ?? [])
    .filter(({ state, pid }) => state !== "Z" && state !== "X" && pid !== process.pid);
}

function readEntry(pid: number): ProcessEntry | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may itself contain both.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (stat === "" || fields.length < 13) return null;
  const number = (index: number) => Number(fields[index]);
  return {
    pid,
    parent: number(1),
    session: number(3),
    state: fields[0] ?? "",
    cpuTicks: number(11) + number(12),
    marker: markerIn(readOrEmpty(`/proc/${pid}/environ`)),
  };
}

function markerIn(environment: string): string | null {
  const prefix = `${markerVariable}=`;
  return (
    environment
      .split("\0")
      .find((entry) => entry.startsWith(prefix))
      ?.slice(prefix.length) ?? null
  );
}

/** Processes end while they are looked at, and those of other users are closed to us: both read as empty. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Resident memory of a process, in bytes; 0 when it ended meanwhile. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Sends a signal; a process that ended meanwhile is fine. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone, or never ours
  }
}

/**
 * Signals all of them until a look at the table shows that the goal holds, since they may fork meanwhile.
 * `ownSessions` are those of commands this process started and has not seen the end of.
 * Resolves to false when it does not hold after about a second (processes stuck in the kernel).
 */
export async function signalUntil(
  isWanted: IsWanted,
  signal: NodeJS.Signals,
  isDone: (entry: ProcessEntry) => boolean,
  ownSessions: readonly number[] = [],
): Promise<boolean> {
  const sessions = new Set(ownSessions);
  for (let round = 0; round < killRounds; round += 1) {
    const remaining = wantedOf(await tableSoon(), isWanted, sessions).filter((entry) => !isDone(entry));
    if (remaining.length === 0) return true;
    for (const { pid } of remaining) signalProcess(pid, signal);
    await pause(roundPauseMs);
  }
  return false;
}
