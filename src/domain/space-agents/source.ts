import type { Config } from "../../config.ts";
import { checkBranch, repositoryUrl } from "../builds/source.ts";

/** Where the code of a space agent is. */
export interface Source {
  readonly sourceRepo: string;
  readonly sourceBranch: string;
}

/** @throws BAD_USER_INPUT for a repository or a branch that a build could never fetch. */
export function checkSource({ git }: Pick<Config, "git">, { sourceRepo, sourceBranch }: Source): void {
  repositoryUrl(git, sourceRepo);
  checkBranch(sourceBranch);
}
