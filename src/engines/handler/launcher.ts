import type { HandlerCall } from "../engine.ts";
import { NODE_LAUNCHER } from "./node-launcher.ts";
import { PYTHON_LAUNCHER } from "./python-launcher.ts";

type Code = Pick<HandlerCall, "agent" | "runtime" | "handler">;

const launchers = {
  python3: ["python3", "-c", PYTHON_LAUNCHER],
  node: ["node", "-e", NODE_LAUNCHER],
} as const;

/** The shell keeps standard output for the outcome, as descriptor 3; what the handler prints goes to standard error. */
const apart = ["sh", "-c", 'exec 3>&1 1>&2; exec "$@"', "handler"];

/** The words of a command that answers one call. */
export const answerCommand = ({ runtime }: Code): readonly string[] => [...apart, ...launchers[runtime], "answer"];

/** The words of the main process of a deployed agent: it loads the handler, and keeps the log. */
export const serveCommand = ({ runtime, agent, handler }: Code): readonly string[] => [
  ...launchers[runtime],
  "serve",
  agent,
  handler,
];
