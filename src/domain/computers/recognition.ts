import pLimit from "p-limit";
import type { HostKeeper, NamedRuntime } from "../../runtime/pool/host.ts";
import type { Store } from "../../store/store.ts";
import { volumeName } from "./computer.ts";

const prefix = "host:";
const keyOf = (name: string) => `${prefix}${name}`;

/**
 * Knows which engine is behind the name of each host: one that is called by the name of another would take that one's
 * computers for lost or, worse, for nobody's. A name passes to another engine only together with the files.
 */
export function createRecognition(store: Store, names: readonly string[]): HostKeeper["recognise"] {
  const oneByOne = pLimit(1);
  return (host) => oneByOne(() => recognise(store, names, host));
}

async function recognise(store: Store, names: readonly string[], host: NamedRuntime): Promise<string | null> {
  const value = await host.runtime.identity();
  const key = keyOf(host.name);
  const known = await store.setting.findMany({ where: { key: { startsWith: prefix } } });
  const twin = known.find((other) => other.value === value && other.key !== key);
  if (twin) {
    const complaint = await complaintOf(store, names, twin.key.slice(prefix.length));
    if (complaint !== null) return complaint;
    await store.setting.deleteMany({ where: { key: twin.key } });
  }
  const before = known.find((other) => other.key === key);
  if (before?.value === value) return null;
  const missing = before ? await missingVolumes(store, host) : 0;
  if (missing > 0) return `is another engine than before, without ${missing} volumes of its computers; ${advice}`;
  await store.setting.upsert({ where: { key }, create: { key, value }, update: { value } });
  return null;
}

const advice = "name the right one in RAWORC_DOCKER_HOSTS, or put the volumes there";

/** Why an engine that was known by another name cannot have a new one; `null` when nothing is known by the old one. */
async function complaintOf(store: Store, names: readonly string[], other: string): Promise<string | null> {
  if (names.includes(other)) return `is the engine of host "${other}", or a copy of it; give each name its own engine`;
  const computers = await store.computer.count({ where: { host: other } });
  return computers > 0 ? `was host "${other}", as its ${computers} computers know it; name it so again` : null;
}

async function missingVolumes(store: Store, { name, runtime }: NamedRuntime): Promise<number> {
  const wanted = await store.computer.findMany({ where: { host: name, volumeReady: true }, select: { id: true } });
  const there = new Set((await runtime.list()).volumes.map((volume) => volume.name));
  return wanted.filter(({ id }) => !there.has(volumeName(id))).length;
}
