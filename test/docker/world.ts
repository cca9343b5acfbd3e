import { randomUUID } from "node:crypto";
import pino from "pino";
import { createDockerRuntime } from "../../src/runtime/docker/docker-runtime.ts";

/** The engine the tests may use, as `scripts/test-dockerd.sh start DIR` prints it; without it they are skipped. */
export const testDockerHost = process.env["TEST_DOCKER_HOST"] ?? null;

export const testImage = "raworc-test/agent:1";
/** One per test file, so that files that run beside each other do not list each other's things. */
export const testDeployment = `test-${randomUUID().slice(0, 8)}`;

/** A runtime of its own over the tests' engine; the image is made of this host's files, without a network. */
export const openTestRuntime = (changes: Partial<Parameters<typeof createDockerRuntime>[0]> = {}) =>
  createDockerRuntime({
    dockerHost: testDockerHost,
    deployment: testDeployment,
    image: testImage,
    offline: true,
    log: pino({ level: "silent" }),
    ...changes,
  });
