import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostImageSettings } from "./host-image.ts";

/** Says by which recipe an image was built; ids differ from engine to engine and say nothing. */
export const recipeLabel = "raworc.recipe";

/** Raised when `host-files.ts` puts other things into the image. */
const hostFilesRevision = "2";

export interface Recipe {
  readonly dockerfile: string;
  readonly hash: string;
}

/** Reads the default image's Dockerfile, which stands beside the program's own folder. */
export async function recipeOfAgentImage(): Promise<Recipe> {
  const dockerfile = await readFile(new URL("../../../images/agent/Dockerfile", import.meta.url), "utf8");
  const hash = createHash("sha256").update(dockerfile).update(hostImageSettings.join("\n")).update(hostFilesRevision);
  return { dockerfile, hash: hash.digest("hex").slice(0, 32) };
}
