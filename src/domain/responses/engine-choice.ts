import type { Config } from "../../config.ts";
import type { Failure } from "../../engines/engine.ts";
import { noModelKeyItem } from "../../engines/external.ts";
import { hasModelKey } from "../../engines/model/choice.ts";
import { commit } from "../../events/commit.ts";
import { headOf } from "../../events/read.ts";
import type { Gateway } from "../../gateway.ts";
import type { EngineKind, Response } from "../../store/generated/client/client.ts";
import { UnreadableSecret } from "../secrets/owned.ts";
import { emitItems } from "./change.ts";
import type { Respondent } from "./respondent.ts";
import { responseStream } from "./response.ts";

const configured = { model: "MODEL", shell: "SHELL", external: "EXTERNAL" } as const;

/** What was chosen to answer: the respondent's own choice, or the gateway's; `null` where it is left to the keys. */
export const chosenEngine = ({ engine }: Pick<Config, "engine">, own: EngineKind | null): EngineKind | null =>
  own ?? (engine === "auto" ? null : configured[engine]);

/**
 * What answers a response: the space agent it was sent to, the respondent's own choice, the gateway's, or a model when
 * a key can be found.
 */
export async function engineFor(
  gateway: Gateway,
  respondent: Respondent,
  { spaceAgent }: Pick<Response, "spaceAgent">,
): Promise<EngineKind> {
  if (spaceAgent !== null) return "HANDLER";
  const chosen = chosenEngine(gateway.config, respondent.engine);
  if (chosen) return chosen;
  return hasModelKey(gateway.config, await respondent.environment(gateway)) ? "MODEL" : "EXTERNAL";
}

/** Why nothing can ever be chosen; an error that may pass is thrown on. */
export function failureOfChoice(error: unknown): Failure {
  if (error instanceof UnreadableSecret) return { reason: "MODEL_UNAVAILABLE", message: error.message };
  throw error;
}

/** Tells whoever waits for a response that became EXTERNAL by nobody's choice what to set; once. */
export async function offerToWorkers(gateway: Gateway, respondent: Respondent, response: Response): Promise<void> {
  const isChosen = chosenEngine(gateway.config, respondent.engine) !== null;
  if (isChosen || (await hasItems(gateway.store, response.id))) return;
  await commit(gateway, async (unit) => {
    if (await hasItems(unit.tx, response.id)) return;
    await emitItems(unit, respondent, response.id, [noModelKeyItem]);
  });
}

/** Every stream begins with the status PENDING; anything after it is an item. */
const hasItems = async (store: Pick<Gateway["store"], "stream">, id: string) =>
  (await headOf(store, responseStream(id))) > 1n;
