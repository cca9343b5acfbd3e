import type { variables } from "../../config/variables.ts";

/** Why an agent is left out of a build or a whole build fails, in words for those who wrote the agent. */
export class BuildError extends Error {}

/** Who can change what limits a build, and where. */
export const allowMoreIn = (variable: Extract<keyof typeof variables, `RAWORC_${"BUILD" | "GIT"}_${string}`>) =>
  `the gateway's operator can allow more in ${variable}`;
