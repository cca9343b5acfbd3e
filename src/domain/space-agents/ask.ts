import { callHandler } from "../../engines/handler/call.ts";
import { sessionlessContext } from "../../engines/handler/context.ts";
import type { HandlerCall } from "../../engines/engine.ts";
import { badInput, conflict, GatewayError, unavailable } from "../../errors.ts";
import type { Gateway } from "../../gateway.ts";
import { isJsonObject, type JsonObject } from "../../json.ts";
import type { SpaceAgent } from "../../store/generated/client/client.ts";
import { checkJsonText, checkText } from "../../text.ts";
import { builtAgentsOf } from "../builds/build.ts";
import { openWorkspace } from "../computers/workspace.ts";
import { environmentOf } from "../secrets/environment.ts";
import { spaceOwner } from "../secrets/owned.ts";

const longestSeconds = 900;
const usualSeconds = 60;

/** What a deployed agent is asked. */
export interface Question {
  readonly message: string;
  /** What the handler gets beside the message: a JSON object, over what it gets of every question. */
  readonly context?: unknown;
  readonly timeoutSeconds?: number | null;
}

/**
 * Has a deployed agent answer a message. Its handler runs as a command of its own in the agent's computer, with the
 * secrets of the space in its environment, and the log of the agent notes it. Nothing of it is stored.
 *
 * @throws BAD_USER_INPUT, CONFLICT unless the agent runs, TIMEOUT, UNAVAILABLE when the handler or its computer failed.
 */
export async function askSpaceAgent(
  gateway: Gateway,
  agent: SpaceAgent,
  question: Question,
  signal: AbortSignal,
): Promise<string> {
  const { message, timeoutSeconds } = question;
  const seconds = timeoutSeconds ?? usualSeconds;
  checkText("message", message);
  const context = { ...sessionlessContext(agent.spaceName, agent.name), ...checkContext(question.context) };
  if (seconds < 1 || seconds > longestSeconds) {
    throw badInput("timeoutSeconds", `"timeoutSeconds" must be from 1 to ${longestSeconds}`);
  }
  const { computerId, call } = await deployedCode(gateway, agent, context);
  const report = await callHandler({
    computer: openWorkspace(gateway, computerId, signal),
    environment: await environmentOf(gateway, spaceOwner(agent.spaceName), null),
    signal,
    call,
    message,
    timeoutMs: seconds * 1000,
    announces: true,
  });
  if ("text" in report) return report.text;
  if (report.failure.reason !== "TIMEOUT") throw unavailable(report.failure.message);
  throw new GatewayError("TIMEOUT", `Space agent "${agent.name}" did not answer within ${seconds} s`);
}

function checkContext(context: unknown): JsonObject {
  if (context == null) return {};
  if (!isJsonObject(context)) throw badInput("context", `"context" must be a JSON object`);
  checkJsonText("context", context);
  return context;
}

/** The computer and the handler of an agent that runs. */
async function deployedCode({ store }: Pick<Gateway, "store">, agent: SpaceAgent, context: HandlerCall["context"]) {
  const { name, status, computerId, deployedBuild } = agent;
  if (status !== "RUNNING" || computerId === null || deployedBuild === null) {
    throw conflict(`Space agent "${name}" is ${status.toLowerCase()}, not running; deploy it first`, { state: status });
  }
  const build = await store.build.findUnique({ where: { id: deployedBuild } });
  const manifest = build && builtAgentsOf(build).find((built) => built.name === name)?.manifest;
  if (!manifest) throw conflict(`The build of space agent "${name}" is gone; deploy it again`, { state: status });
  const { runtime, handler } = manifest;
  return { computerId, call: { agent: name, runtime, handler, context } satisfies HandlerCall };
}
