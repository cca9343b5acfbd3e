import type { Config } from "../config.ts";
import { badInput } from "../errors.ts";
import { builtImagePrefix } from "./paths.ts";

/**
 * Images are named by whoever may create: an engine would fetch any from any registry, and use any that it has.
 *
 * @throws {GatewayError} BAD_USER_INPUT unless the operator allows the image, or it is the default one or was built here.
 */
export function checkImageAllowed({ agentImage, images }: Pick<Config, "agentImage" | "images">, image: string): void {
  if (images.length === 0 || image === agentImage || image.startsWith(builtImagePrefix)) return;
  const isListed = images.some((entry) =>
    entry.endsWith("*") ? image.startsWith(entry.slice(0, -1)) : image === entry,
  );
  if (!isListed) throw badInput("image", `"image" must be ${[agentImage, ...images].join(" or ")}, not ${image}`);
}
