import type { Runtime } from "../../src/runtime/runtime.ts";
import { openTestRuntime, testDeployment, testImage } from "../docker/world.ts";
import { describeRuntime } from "./suite.ts";

describeRuntime("docker", async () => openTestRuntime(), {
  deployment: testDeployment,
  image: testImage,
  processes: true,
  liveOutput: true,
  secondGateway: true,
  mainProcess: true,
  endMain: endMainProcess,
});

/** The main process is a `sleep` that does nothing; ending it ends the container as a crash would. */
async function endMainProcess(runtime: Runtime, container: string): Promise<void> {
  const script = "read -r main _ < /proc/1/task/1/children; kill -KILL $main; sleep 30";
  await runtime.exec(container, { argv: ["sh", "-c", script], timeoutMs: 20_000 });
}
