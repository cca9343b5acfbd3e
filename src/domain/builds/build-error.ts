/** Why an agent is left out of a build or a whole build fails, in words for those who wrote the agent. */
export class BuildError extends Error {}
