import { describe } from "vitest";
import { describeCommands } from "./suite/commands.ts";
import { describeFiles } from "./suite/files.ts";
import { describeImages } from "./suite/images.ts";
import { describeKilling } from "./suite/killing.ts";
import { describeLifecycle } from "./suite/lifecycle.ts";
import { describeObserving } from "./suite/observing.ts";
import { describeVolumes } from "./suite/volumes.ts";
import type { OpenRuntime, RuntimeCapabilities } from "./suite/world.ts";

export type { RuntimeCapabilities } from "./suite/world.ts";

/**
 * Every promise of the runtime port, for every adapter alike. `open` may be called several times;
 * each call gives another adapter over the same world, as far as `capabilities.secondGateway` says so.
 */
export function describeRuntime(name: string, open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe(`the ${name} runtime`, { timeout: 30_000 }, () => {
    describeLifecycle(open, capabilities);
    describeVolumes(open, capabilities);
    describeImages(open, capabilities);
    describeFiles(open, capabilities);
    describeCommands(open, capabilities);
    describeKilling(open, capabilities);
    describeObserving(open, capabilities);
  });
}
