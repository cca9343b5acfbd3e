/**
 * The port to whatever answers a response. An engine runs in the gateway, drives one computer and
 * knows nothing of the database: it is handed what it needs and reports what happens.
 */
export interface Engine {
  readonly kind: EngineKind;
  /** The items that an answer to this text begins with, if that is known before; they are recorded with the claim. */
  opening?(text: string): readonly ItemBody[];
  /**
   * Answers the job and returns how it ended; it throws only for bugs and when `job.signal` aborts.
   * Called again for the same job with `job.recorded` filled when an earlier gateway process died in the middle.
   */
  answer(job: EngineJob): Promise<EngineOutcome>;
}

export type EngineKind = "MODEL" | "HANDLER" | "SHELL" | "EXTERNAL";

/** What was said before, as far as it is still told. */
export interface Earlier {
  /** Stands for everything that was said before `history` begins; `null` when nothing was left out. */
  readonly summary: string | null;
  /** Earlier exchanges of the same agent or session, newest first; read only as far as the engine asks. */
  history(): AsyncIterable<Exchange>;
}

export interface EngineJob extends Earlier {
  readonly responseId: string;
  /** `input.text`, or the whole input as JSON text where it has no `text`. */
  readonly text: string;
  /** The agent's instructions: the model's system prompt. */
  readonly instructions: string | null;
  /**
   * From now on tells this summary in place of all that was said before this response, and records the item that
   * says so, in one step. Where somebody else has changed meanwhile what is told, it only counts what was spent.
   */
  compact(summary: string, item: ItemBody, spent: Usage): Promise<void>;
  /** Items that an earlier run of this same response recorded, in order; none when this is the first. */
  readonly recorded: readonly ItemBody[];
  /** Secrets of the space and the agent: environment of commands, and keys of models. */
  readonly environment: Readonly<Record<string, string>>;
  /** The function that a space agent answers with; `null` for every other engine. */
  readonly handler: HandlerCall | null;
  readonly computer: Workspace;
  /**
   * Records an item durably before it returns, and adds what was spent for it to the usage of the response.
   * Throws when this run is no longer the owner of the response.
   */
  append(item: ItemBody, spent?: Usage): Promise<void>;
  /** Shows passing text to those who watch now; never stored. */
  delta(delta: PassingText): void;
  /** Aborts on cancel, time-out, sleep, deletion and shutdown. */
  readonly signal: AbortSignal;
}

export interface PassingText {
  readonly channel: "text" | "stdout" | "stderr" | "analysis";
  readonly text: string;
  /** Asks to forget what was shown since the newest item: the step broke off and begins again with this text. */
  readonly restart?: true;
}

/** A function of a space agent's code in the computer: `process_message(message, context)`. */
export interface HandlerCall {
  /** The space agent's name, which is also the name of its folder. */
  readonly agent: string;
  readonly runtime: "python3" | "node";
  /** A module and a function in it, such as `main.process_message`. */
  readonly handler: string;
  /** The second argument: any JSON object. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** An item as stored and shown: any JSON object with a `type` (document C, "Items Structure"). */
export interface ItemBody {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface Exchange {
  readonly input: string;
  readonly output: string;
  readonly items: readonly ItemBody[];
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export type EngineOutcome = (
  | { readonly status: "completed"; readonly text: string }
  | { readonly status: "failed"; readonly text?: string; readonly failure: Failure }
) & {
  /** The last items, recorded with the end: both or neither. Every call has its result then. */
  readonly items?: readonly ItemBody[];
};

export interface Failure {
  readonly reason: FailureReason;
  /** One sentence for people, free of secrets. */
  readonly message: string;
  /** Facts that prove it, such as `{ exitCode: 2 }`. */
  readonly evidence?: Readonly<Record<string, unknown>>;
}

export type FailureReason =
  | "COMMAND_FAILED"
  | "MODEL_ERROR"
  | "MODEL_UNAVAILABLE"
  | "STEP_LIMIT"
  | "TIMEOUT"
  | "INTERRUPTED"
  | "COMPUTER_LOST"
  | "OUT_OF_MEMORY"
  | "SETUP_FAILED"
  | "AGENT_SLEPT"
  | "AGENT_DELETED"
  | "SESSION_PAUSED"
  | "SESSION_DELETED"
  | "HANDLER_FAILED"
  | "WORKER_REPORTED";

/**
 * The computer as an engine sees it. The first call waits until the computer runs; so a model can
 * answer before its container is up. Throws `GatewayError` UNAVAILABLE when it cannot be had.
 */
export interface Workspace {
  run(command: WorkspaceCommand): Promise<WorkspaceResult>;
  readFile(path: string, maxBytes: number): Promise<Uint8Array>;
  writeFile(path: string, content: Uint8Array): Promise<void>;
  listFiles(path: string): Promise<readonly { readonly name: string; readonly kind: string; readonly size: number }[]>;
}

export interface WorkspaceCommand {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onOutput?: (chunk: Uint8Array, stream: "stdout" | "stderr") => void | Promise<void>;
}

export interface WorkspaceResult {
  readonly end: "exited" | "timedOut" | "aborted" | "containerLost";
  readonly exitCode: number | null;
  /** True when the computer ran out of memory, and died of it or had the command killed. */
  readonly outOfMemory?: boolean;
}
