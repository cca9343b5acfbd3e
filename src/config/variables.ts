import { buildVariables } from "./builds.ts";
import { computerVariables } from "./computers.ts";
import { engineVariables } from "./engines.ts";
import { serverVariables } from "./server.ts";

/** Every variable the gateway reads, in the order `--help` shows them. */
export const variables = { ...serverVariables, ...computerVariables, ...engineVariables, ...buildVariables };
