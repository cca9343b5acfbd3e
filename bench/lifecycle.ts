import { startGatewayProcess } from "../test/support/gateway-process.ts";
import { agentRound, burst, untilFull, warmRound } from "./computers/agents.ts";
import { bareBurst, bareRound, openDocker, type Times } from "./computers/bare.ts";
import { listen } from "./computers/engine-events.ts";
import { againstBare, againstLimit, type Result } from "./measure.ts";

const rounds = 15;
const bursts = 3;
const burstSize = 20;

/** The life of a computer as a client sees it, beside the engine's own work in the same rounds. */
export async function lifecycle(): Promise<readonly Result[]> {
  const times = await measure();
  const of = (name: string) => times[name] ?? [];
  return [
    againstBare("create to idle", of("create"), of("bareCreate"), 1.3),
    againstLimit("create to idle, from the warm pool", of("warm"), 15),
    againstBare("exec", of("exec"), of("bareExec"), 1.3),
    againstBare("sleep, to frozen", of("sleep"), of("barePause"), 1.3),
    againstLimit("wake from frozen", of("frozen"), 40),
    againstBare("wake from stopped", of("stopped"), of("bareStart"), 1.3),
    againstBare(`burst of ${burstSize} wakes`, of("burst"), of("bareBurst"), 1.2),
  ];
}

async function measure(): Promise<Times> {
  const dockerHost = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  const docker = openDocker(dockerHost);
  const env = { RAWORC_RUNTIME: "docker", DOCKER_HOST: dockerHost, RAWORC_FREEZE_SECONDS: "1" };
  const gateway = await startGatewayProcess({ env });
  const pooled = await startGatewayProcess({ env: { ...env, RAWORC_WARM_POOL: "1" } });
  const engine = await listen(docker);
  const times: Times = {};
  try {
    await untilFull(pooled);
    await agentRound(gateway, engine, "warm-up", {});
    await warmRound(pooled, "warm-up", {});
    for (let round = 0; round < rounds; round++) {
      await agentRound(gateway, engine, `round-${round}`, times);
      await bareRound(docker, times);
      await warmRound(pooled, `round-${round}`, times);
    }
    for (let round = 0; round < bursts; round++) {
      const names = Array.from({ length: burstSize }, (_, index) => `burst-${round}-${index}`);
      await burst(gateway, engine, names, times);
      await bareBurst(docker, burstSize, times);
    }
  } finally {
    engine.stop();
    await Promise.all([gateway.stop(), pooled.stop()]);
  }
  return times;
}
