import type { Resource } from "../../auth/permissions.ts";
import type { Target } from "../../auth/policy.ts";
import type { Exchange, Failure, HandlerCall } from "../../engines/engine.ts";
import type { Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { AgentState, EngineKind, Response, SessionState } from "../../store/generated/client/client.ts";
import type { Home } from "./change.ts";

/**
 * Whoever answers responses, as it was read: an agent or a session. All that this room needs of it is here, so that
 * queue, claims, answers and endings know no difference.
 */
export interface Respondent extends Home {
  /** Names it at the start of a sentence, such as `Agent "demo"`. */
  readonly title: string;
  readonly computerId: string;
  readonly state: AgentState | SessionState;
  /** False while instructions and set-up do not stand in the computer yet. */
  readonly prepared: boolean;
  /** Its own choice; `null` leaves it to the gateway. */
  readonly engine: EngineKind | null;
  /** Why it cannot answer anything; `null` when it can. */
  readonly broken: Failure | null;
  /** The columns that lead a response to it. */
  readonly columns: { readonly agentId?: string; readonly sessionId?: string };
  /** Itself as the policy sees it, and the resources that permissions for it and for its responses name. */
  readonly target: Target;
  readonly resource: Resource;
  readonly responseResource: Resource;

  /** What a model is told to be. */
  instructions(gateway: Gateway): Promise<string | null>;
  /** The secrets that commands find in their environment, read once: choosing an engine and answering need them. */
  environment(gateway: Gateway): Promise<Readonly<Record<string, string>>>;
  /** What is told of what was said, as it was read. */
  readonly context: ToldContext;
  /** What was said from the cut-off on before this response, or up to now, newest first; read as far as asked. */
  history(gateway: Gateway, response: Response | null): AsyncIterable<Exchange>;
  /** The function that answers a response with the engine HANDLER; `null` when it is not there any more. */
  handler(gateway: Gateway, response: Response): Promise<HandlerCall | null>;

  /**
   * Being asked is activity: it wakes who rests, and an idle time counts anew. Answers it as it then is.
   *
   * @throws NOT_FOUND when it is gone, CONFLICT when it cannot be asked.
   */
  receive(unit: Unit): Promise<Respondent>;
  /** Begins to work, if it still is in that state; `false`, and no change, when it is not. */
  becomeBusy(unit: Unit, from: "INIT" | "IDLE"): Promise<boolean>;
  /** Changes what is told, if the cut-off still is the expected one; `false`, and no change, when it is not. */
  setContext(unit: Unit, context: ToldContext, expected?: Date | null): Promise<boolean>;
  /** Waits again, once nothing of its own is being answered. */
  becomeIdle(unit: Unit): Promise<void>;
}

/** What a model is told of what was said. */
export interface ToldContext {
  /** What had been said by then is not told any more. */
  readonly cutoffAt: Date | null;
  /** Told in its place. */
  readonly summary: string | null;
}

/** Whether what ended then is not told any more. */
export const isCutOff = (at: Date | null, cutoffAt: Date | null): boolean =>
  at !== null && cutoffAt !== null && at <= cutoffAt;

/** A reading that is made when it is first asked for, and then kept. */
export function readOnce<T>(read: (gateway: Gateway) => Promise<T>): (gateway: Gateway) => Promise<T> {
  let reading: Promise<T> | null = null;
  return (gateway) => (reading ??= read(gateway));
}
