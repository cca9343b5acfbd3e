import type { Config } from "../../config.ts";
import { NO_MODEL_KEY_TEXT } from "../../engines/external.ts";
import { chooseModel, faultOfUrl, modelKeys, NO_KEY } from "../../engines/model/choice.ts";
import type { Gateway } from "../../gateway.ts";
import { builder } from "../../graphql/builder.ts";
import type { Agent, EngineKind as Kind } from "../../store/generated/client/client.ts";
import { maySeeInside } from "../agents/access.ts";
import { holderOf } from "../agents/environment.ts";
import { Agent as AgentType } from "../agents/schema.ts";
import { environmentsOf } from "../secrets/environment.ts";
import { UnreadableSecret } from "../secrets/owned.ts";
import { EngineKind } from "../spaces/choices-schema.ts";
import { chosenEngine } from "./engine-choice.ts";

interface Status {
  readonly engine: Kind | null;
  readonly problem: string | null;
}

const EngineStatus = builder.objectRef<Status>("EngineStatus").implement({
  description: "What would answer an agent now.",
  fields: (t) => ({
    engine: t.expose("engine", { type: EngineKind, nullable: true, description: "Null while that cannot be told." }),
    problem: t.exposeString("problem", {
      nullable: true,
      description: "Why nothing in the gateway can answer, and what to do; null when all is well.",
    }),
  }),
});

builder.prismaObjectField(AgentType, "engineStatus", (t) =>
  t.field({
    type: EngineStatus,
    nullable: true,
    description:
      "Which engine would answer the next response, and what keeps it from that; null for those who see the agent only " +
      "because it is published.",
    resolve: (agent, _args, context) =>
      maySeeInside(context.principal, agent)
        ? context
            .loader("engineStatus", (agents: readonly Agent[]) => engineStatusesOf(context.gateway, agents))
            .load(agent)
        : null,
  }),
);

/** By one query, and by none for those whose engine needs no key. */
async function engineStatusesOf(gateway: Gateway, agents: readonly Agent[]): Promise<Status[]> {
  const asking = agents.filter((agent) => needsKey(chosenEngine(gateway.config, agent.engine)));
  const found = asking.length === 0 ? [] : await environmentsOf(gateway, asking.map(holderOf), modelKeys);
  const environments = new Map(asking.map((agent, index) => [agent, found[index] ?? {}]));
  return agents.map((agent) => {
    const chosen = chosenEngine(gateway.config, agent.engine);
    const status = keyStatus(gateway.config, chosen, environments.get(agent) ?? {});
    return agent.setupStatus === "FAILED" ? { ...status, problem: setupFailed } : status;
  });
}

const setupFailed = "The set-up script failed; give the agent one that succeeds";

const needsKey = (chosen: Kind | null) => chosen === null || chosen === "MODEL";

function keyStatus(
  config: Config,
  chosen: Kind | null,
  environment: Readonly<Record<string, string>> | UnreadableSecret,
): Status {
  if (!needsKey(chosen)) return { engine: chosen, problem: null };
  if (environment instanceof UnreadableSecret) {
    return { engine: chosen, problem: "A secret of the agent or its space cannot be read; store it anew" };
  }
  const model = chooseModel(config.model, environment);
  if (model) return { engine: "MODEL", problem: faultOfUrl(model) };
  return chosen === null
    ? { engine: "EXTERNAL", problem: NO_MODEL_KEY_TEXT }
    : { engine: chosen, problem: NO_KEY.message };
}
