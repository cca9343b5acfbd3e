import type { Readable } from "node:stream";
import type { VolumeParts } from "../runtime.ts";
import type { Host } from "./host.ts";

interface Copy {
  readonly from: string;
  readonly to: string;
  readonly parts: VolumeParts;
}

/** Copies a volume of one host to a volume of another, through this process and without keeping it here. */
export async function copyBetweenHosts(source: Host, target: Host, { from, to, parts }: Copy): Promise<void> {
  const archive = await source.open(({ cargo }) => cargo.readVolume(from));
  await deliver(archive, source, () => target.call(({ cargo }) => cargo.fillVolume(to, archive, parts)));
}

/** Hands an archive over. One that was not read to its end, as when its host is lost, is not read any further. */
export async function deliver(archive: Readable, source: Host, hand: () => Promise<void>): Promise<void> {
  // Asked at once, for an engine may be back before the other host has cleaned up what broke off.
  archive.once("error", () => void source.answers());
  try {
    await source.call(async () => {
      try {
        await hand();
      } catch (error) {
        if (archive.errored) await source.answers(); // where it is gone, the call around this has ended with that
        throw error;
      }
    });
  } finally {
    archive.destroy();
  }
}
