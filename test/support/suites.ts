import { chromium, docker, type Need, postgresql } from "./needs.ts";

/** Test files that run by themselves, one file at a time. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly need?: Need;
  readonly testTimeout: number;
  readonly globalSetup?: string;
  /** What tests find in their environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** True for files of the default suite that run once more. */
  readonly again?: true;
}

/** Those that start the gateway as users do have it built first. */
const build = "test/support/build.ts";

const crash: Suite = {
  name: "crash",
  files: ["test/crash/!(docker*).test.ts"],
  testTimeout: 60_000,
  globalSetup: build,
};

const engine: Suite = {
  name: "docker",
  files: ["test/docker/**/*.test.ts", "test/runtime/docker.test.ts", "test/crash/docker*.test.ts"],
  need: docker,
  testTimeout: 60_000,
  globalSetup: build,
};

const browser: Suite = { name: "browser", files: ["test/browser/**/*.test.ts"], need: chromium, testTimeout: 60_000 };

/** Where rows are changed and found; what else there is says nothing of a database that these do not. */
const rooms =
  "agents,builds,computers,events,messages,reconcile,responses,role-bindings,roles,secrets,service-accounts," +
  "sessions,space-agents,spaces";

const onPostgresql: Suite = {
  name: "postgresql",
  files: [`test/{${rooms}}/**/*.test.ts`, "test/lists/{plans,queries}.test.ts"],
  need: postgresql,
  testTimeout: 30_000,
  env: { TEST_DATABASE: "postgresql" },
  again: true,
};

/**
 * Suites that share an engine, kill processes or drive a browser. Those of different lanes leave one another alone, and
 * most of their time they wait: lanes may run side by side.
 */
export const lanes: readonly (readonly Suite[])[] = [[crash], [engine, browser], [onPostgresql]];

/** Whether the machine has what the suite works with. */
export const isHere = ({ need }: Suite): boolean => need === undefined || need.found !== null;
