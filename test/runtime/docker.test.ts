import { describe, test } from "vitest";
import { openTestRuntime, testDeployment, testDockerHost, testImage } from "../docker/world.ts";
import { describeRuntime } from "./suite.ts";

if (testDockerHost === null) {
  describe("the docker runtime", () => {
    test.skip("every promise of the runtime port (not here: TEST_DOCKER_HOST is not set)", () => undefined);
  });
} else {
  describeRuntime("docker", async () => openTestRuntime(), {
    deployment: testDeployment,
    image: testImage,
    processes: true,
    liveOutput: true,
    secondGateway: true,
    endMain: (runtime, container) => endMainProcess(runtime, container),
  });
}

/** The main process is a `sleep` that does nothing; ending it ends the container as a crash would. */
async function endMainProcess(runtime: ReturnType<typeof openTestRuntime>, container: string): Promise<void> {
  const script = "read -r main _ < /proc/1/task/1/children; kill -KILL $main; sleep 30";
  await runtime.exec(container, { argv: ["sh", "-c", script], timeoutMs: 20_000 });
}
