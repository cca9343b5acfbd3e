import { isAllowed } from "../../auth/policy.ts";
import { badInput } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { CommandOutcome } from "../computers/inside.ts";
import { LogLine } from "../computers/schema.ts";
import { agentFor, targetOf } from "./access.ts";
import { execInAgent, insideOf } from "./inside.ts";

const ExecResult = builder.objectRef<CommandOutcome>("ExecResult").implement({
  description: "How a command ended and what it printed; long output is shortened in the middle.",
  fields: (t) => ({
    end: t.exposeString("end", { description: "`exited`, `timedOut`, `aborted` or `containerLost`" }),
    exitCode: t.exposeInt("exitCode", { nullable: true, description: "Null unless it exited." }),
    stdout: t.exposeString("stdout"),
    stderr: t.exposeString("stderr"),
  }),
});

builder.mutationFields((t) => ({
  exec: t.field({
    type: ExecResult,
    description: "Runs a command in the agent's computer and waits for it; the agent's secrets are its environment.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      command: t.arg.stringList({ required: true, description: "The program and its arguments; no shell in between." }),
      timeoutSeconds: t.arg.int({ description: "1 to 3600; 60 unless told otherwise." }),
    },
    resolve: async (_root, { agent: name, command, timeoutSeconds }, context) => {
      const agent = await agentFor(context, name, "update", "files");
      return execInAgent(context.gateway, agent, command, timeoutSeconds, context.signal);
    },
  }),
}));

builder.subscriptionField("computerLogs", (t) =>
  t.field({
    type: LogLine,
    description: "What the main process of an agent's computer printed, and prints.",
    args: {
      agent: t.arg.id({ required: true, description: "The agent's name." }),
      tail: t.arg.int({ defaultValue: 100, description: "How many lines of what was; 1000 at the most." }),
    },
    subscribe: async (_root, { agent: name, tail }, context) => {
      const lines = tail ?? 100;
      if (lines < 0 || lines > 1000) throw badInput("tail", `"tail" must be from 0 to 1000`);
      const agent = await agentFor(context, name, "get", "files");
      return live(context, {
        mayWatch: (principal) => isAllowed(principal, "get", "files", targetOf(agent)),
        open: (signal) => insideOf(context.gateway, agent, signal).logs(lines),
      });
    },
    resolve: (line) => line,
  }),
);
