import { builder } from "../../graphql/builder.ts";
import { EngineKind as engines } from "../../store/generated/client/enums.ts";

export const EngineKind = builder.enumType("EngineKind", {
  description: "What answers: a model with tools, a space agent's function, a script, or a program outside.",
  values: Object.values(engines),
});
