import { Readable } from "node:stream";
import type { RuntimeCargo } from "../hosts.ts";
import type { MemoryImages } from "./memory-images.ts";
import { copyMemoryVolume, createMemoryVolume, type MemoryVolume } from "./memory-volume.ts";

/** What simulated machines carry between them: a stream of one machine, as it was when it set out. */
export const createMemoryCargo = (volume: (name: string) => MemoryVolume, images: MemoryImages): RuntimeCargo => ({
  async readVolume(name) {
    const onTheWay = await createMemoryVolume({});
    await copyMemoryVolume(volume(name), onTheWay, { code: true, content: true });
    return Readable.from([onTheWay]);
  },
  async fillVolume(name, archive, parts) {
    const to = volume(name);
    for await (const from of archive) await copyMemoryVolume(from as MemoryVolume, to, parts); // of `readVolume`
  },
  async readImage(name) {
    const machine = await images.copyOf(name);
    return machine && Readable.from([machine]);
  },
  async loadImage(name, archive) {
    for await (const machine of archive) images.add(name, machine as MemoryVolume); // of `readImage`
  },
});
