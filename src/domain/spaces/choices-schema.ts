import { builder } from "../../graphql/builder.ts";
import type { EngineKind as Engine } from "../../store/generated/client/client.ts";
import { longestTimeoutSeconds } from "./choices.ts";

export const EngineKind = builder.enumType("EngineKind", {
  description: "What answers.",
  values: {
    MODEL: { description: "A language model with tools that work in the computer." },
    HANDLER: {
      description:
        "A space agent's function. Nobody can choose it: a message of a session is answered so when it goes to a space " +
        "agent.",
    },
    SHELL: { description: "Bash, which runs the text as a script." },
    EXTERNAL: { description: "A program outside of the gateway, which reports with `updateResponse`." },
  } satisfies Record<Engine, object>,
});

/** What is taken for something that was left out. */
export const spacesOr = (otherwise: string) => `Default: the space's setting, else ${otherwise}.`;

/** The limits and the default of a timeout. */
export const secondsOr = (usual: number) => `1 to ${longestTimeoutSeconds}. ${spacesOr(String(usual))}`;
