import { noModelKeyItem } from "../../engines/external.ts";
import { hasModelKey } from "../../engines/model/choice.ts";
import { commit } from "../../events/commit.ts";
import { headOf } from "../../events/read.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, EngineKind, Response } from "../../store/generated/client/client.ts";
import { agentEnvironment } from "../agents/environment.ts";
import { emitItems, homeOf } from "./change.ts";
import { responseStream } from "./response.ts";

const configured = { model: "MODEL", shell: "SHELL", external: "EXTERNAL" } as const;

/** What answers the agent's next response: its own choice, the gateway's, or a model when a key can be found. */
export async function engineFor(gateway: Gateway, agent: Agent): Promise<EngineKind> {
  if (agent.engine) return agent.engine;
  if (gateway.config.engine !== "auto") return configured[gateway.config.engine];
  return hasModelKey(gateway.config, await agentEnvironment(gateway, agent)) ? "MODEL" : "EXTERNAL";
}

/** Tells whoever waits for a response that became EXTERNAL by nobody's choice what to set; once. */
export async function offerToWorkers(gateway: Gateway, agent: Agent, response: Response): Promise<void> {
  const chosen = agent.engine !== null || gateway.config.engine !== "auto";
  if (chosen || (await hasItems(gateway.store, response.id))) return;
  await commit(gateway, async (unit) => {
    if (await hasItems(unit.tx, response.id)) return;
    await emitItems(unit, homeOf(agent), response.id, [noModelKeyItem]);
  });
}

/** Every stream begins with the status PENDING; anything after it is an item. */
const hasItems = async (store: Pick<Gateway["store"], "stream">, id: string) =>
  (await headOf(store, responseStream(id))) > 1n;
