import { afterAll, describe, expect, test } from "vitest";
import { BuildLog } from "../../src/domain/builds/build-log.ts";
import { claimBuild, releaseBuild, renewLease } from "../../src/domain/builds/claim.ts";
import type { Gateway } from "../../src/gateway.ts";
import { startTestGateway } from "../support/gateway.ts";
import { logOf } from "./support.ts";

const world = await startTestGateway();
afterAll(() => world.stop());
let now = world.gateway.now().getTime();
/** Two processes that share the database, with a clock of their own. */
const replica = (replicaId: string): Gateway => ({ ...world.gateway, replicaId, now: () => new Date(now) });
const [one, two] = [replica("one"), replica("two")];

/** A build that waits; written without a word, so that the gateway itself does not take it. */
async function newBuild(): Promise<{ readonly id: string; readonly space: string }> {
  const [id, space, at] = [`build-${one.newId()}`, `space-${one.newId()}`, one.now()];
  const times = { createdAt: at, updatedAt: at };
  await one.store.space.create({ data: { name: space, ...times } });
  await one.store.build.create({ data: { id, spaceName: space, ...times } });
  return { id, space };
}

async function claimed(gateway: Gateway, space: string) {
  const claim = await claimBuild(gateway, space, false);
  if (!claim || !("build" in claim)) throw new Error(`not claimed: ${JSON.stringify(claim)}`);
  return claim;
}

describe("a build that several processes could make", () => {
  test("is made by one of them at a time", async () => {
    const { space } = await newBuild();
    const claims = await Promise.all([claimBuild(one, space, false), claimBuild(two, space, false)]);
    expect(claims.filter((claim) => claim !== null && "build" in claim)).toHaveLength(1);
    expect(claims.filter((claim) => claim !== null && "waitMs" in claim)).toHaveLength(1);
  });

  test("is begun again by another when its process is silent for as long as a lease lasts", async () => {
    const { space } = await newBuild();
    const first = await claimed(one, space);
    expect(first.isRepeat).toBe(false);
    now += 9_000;
    expect(await claimBuild(two, space, false)).toEqual({ waitMs: 1_000 });
    expect(await renewLease(one, first.build)).toBe(true);
    now += 9_999;
    expect(await claimBuild(two, space, false)).toEqual({ waitMs: 1 });
    now += 1;
    const second = await claimed(two, space);
    expect(second).toMatchObject({ isRepeat: true, build: { epoch: first.build.epoch + 1, leaseOwner: "two" } });
  });

  test("takes no word from the process that lost it", async () => {
    const { id, space } = await newBuild();
    const first = await claimed(one, space);
    now += 10_001;
    const second = await claimed(two, space);
    let lost = 0;
    const late = new BuildLog(one, first.build, () => (lost += 1));
    late.note("from the old one");
    await late.flush();
    expect(lost).toBe(1);
    expect(await renewLease(one, first.build)).toBe(false);
    await releaseBuild(one, first.build);
    expect(await claimBuild(one, space, false)).toHaveProperty("waitMs");
    const present = new BuildLog(two, second.build, () => (lost += 1));
    present.note("from the new one");
    await present.flush();
    expect([await logOf(one, id), lost]).toEqual(["from the new one", 1]);
  });

  test("is free at once when its process gives it back", async () => {
    const { space } = await newBuild();
    const first = await claimed(one, space);
    await releaseBuild(one, first.build);
    expect((await claimed(two, space)).isRepeat).toBe(true);
  });
});
