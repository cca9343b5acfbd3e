import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { availableParallelism } from "node:os";
import Docker from "dockerode";
import pLimit, { type LimitFunction } from "p-limit";
import type { Logger } from "pino";
import type { ContainerState } from "../runtime.ts";
import { connectionOf, type EngineTls, undescribed } from "./connection.ts";
import { isMissing, translate } from "./engine-error.ts";

export interface DockerOptions {
  /** `unix:///…`, `tcp://…`, `https://…` or `ssh://…`; `null` for where Docker itself would look. */
  readonly dockerHost?: string | null;
  readonly tls?: EngineTls;
  /** Marks everything made here, so that two gateways on one engine leave each other's things alone. */
  readonly deployment: string;
  /** The default image of computers, which is built where it is missing. */
  readonly image: string;
  readonly log: Logger;
  /** How many containers may start at a time; twice as many as there are cores unless told otherwise. */
  readonly maxStarts?: number;
  /** True where no registry can be reached: the default image is then made of this host's files at once. */
  readonly offline?: boolean;
  /** Resolvers of computers with EGRESS; a private resolver of the host's network is out of their reach. */
  readonly egressDns?: readonly string[];
}

/** The connection to one engine, and what every part of the adapter shares. */
export interface Engine {
  readonly docker: Docker;
  readonly options: DockerOptions;
  readonly address: string;
  /** Names this process in what it starts, to tell its commands from those of a process before it. */
  readonly process: string;
  /** Starts are bound by the processor, but for some waiting: many more at a time than cores are each slower. */
  readonly starts: LimitFunction;
  /** Pulls of images that anybody may name: a registry may be slow, and the engine cannot hold any number of them. */
  readonly pulls: LimitFunction;
  /** The engine takes a second or two to measure a container, and has other work. */
  readonly measurements: LimitFunction;
  /** Aborts when the adapter closes. */
  readonly closed: AbortController;
  /** What the engine said where the port has told a part of it. */
  readonly inspected: WeakMap<ContainerState, Docker.ContainerInspectInfo>;
  /** Containers with EGRESS that are closed and connected, as this process has seen to since their last start, or is about to. */
  readonly guarded: Map<string, Promise<unknown>>;
  /** Containers without any network, which never get one. */
  readonly unconnected: Set<string>;
  /** Marks of commands that must end as soon as their frozen container is thawed. */
  readonly postponed: Map<string, readonly string[]>;
  /** When the engine last told of want of memory in a container, by this process's own clock. */
  readonly outOfMemoryAt: Map<string, number>;
  /** Helpers that never run, such as those that hold a volume open. */
  readonly helpersInUse: Set<string>;
  /** Images that are being made now. */
  readonly images: Map<string, ImageWork>;
}

export type Progress = (line: string) => void;

/** One making of an image that several callers wait for; each hears of it from when it joined. */
interface ImageWork {
  readonly listeners: Set<Progress>;
  readonly done: Promise<void>;
}

/** What a call is about, for its error, and how long the engine may take. */
export interface Call {
  readonly what: string;
  readonly container?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 15_000;
const mostPulls = 16;
const mostMeasurements = 8;
const keepAliveMs = 10_000;

/** Prepares the connection; nothing is sent before the first call. */
export function openEngine(options: DockerOptions): Engine {
  const address = options.dockerHost ?? "Docker's default address";
  return {
    docker: new Docker(connectionOf(options.dockerHost ?? null, options.tls)),
    options,
    address,
    process: randomBytes(8).toString("hex"),
    starts: pLimit(options.maxStarts ?? 2 * availableParallelism()),
    pulls: pLimit(mostPulls),
    measurements: pLimit(mostMeasurements),
    closed: new AbortController(),
    inspected: new WeakMap(),
    guarded: new Map(),
    unconnected: new Set(),
    postponed: new Map(),
    outOfMemoryAt: new Map(),
    helpersInUse: new Set(),
    images: new Map(),
  };
}

/**
 * Makes one call with a time limit and in the program's errors.
 *
 * @throws {GatewayError} UNAVAILABLE, NOT_FOUND or CONFLICT (see `translate`).
 */
export async function call<T>(
  engine: Engine,
  { what, container, timeoutMs = defaultTimeoutMs, signal: given }: Call,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(timeoutMs);
  const signal = undescribed(AbortSignal.any([late, engine.closed.signal, ...(given ? [given] : [])]));
  try {
    return await Promise.race([send(signal), rejectOn(signal)]);
  } catch (cause) {
    throw translate({ what, container: container ?? null, address: engine.address, late: late.aborted }, cause);
  }
}

/** Like `call`, but a thing that is gone, or already as wanted, is `null` and no error. */
export async function callOrNull<T>(
  engine: Engine,
  of: Call,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  return await call(engine, of, async (signal) => {
    try {
      return await send(signal);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  });
}

/**
 * Lets the kernel ask the other end, every now and then, whether it is there: a connection over a link that
 * was cut, or to a host that was started again, stays silently open otherwise.
 */
export function keepWatch(socket: unknown): void {
  if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs);
}

/** What the engine says of itself; also the way to find out whether it answers. */
export const versionOf = (engine: Engine, limits: Pick<Call, "timeoutMs" | "signal"> = {}) =>
  call(engine, { what: "answer", ...limits }, (abortSignal) =>
    (engine.docker.version as Abortable<Docker.DockerVersion>).call(engine.docker, { abortSignal }),
  );

/** The smallest question there is. */
export const ping = (engine: Engine, abortSignal: AbortSignal) =>
  (engine.docker.ping as Abortable<unknown>).call(engine.docker, { abortSignal });

/** The library takes a signal in these calls as in all others; its types leave it out. */
type Abortable<T> = (options: { readonly abortSignal: AbortSignal }) => Promise<T>;

/** A promise that only ever fails, when the signal aborts. */
export const rejectOn = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    const stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
