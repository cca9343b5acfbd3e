import { type DestinationStream, pino } from "pino";
import { type Config, readConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import type { NamedRuntime } from "../../src/runtime/pool/host.ts";
import type { Provider } from "../../src/store/migration-files.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { type RunningGateway, startGateway } from "../../src/start.ts";
import { openTestStore, type TestStore } from "./store.ts";

/** What a test changes of a gateway. */
export interface TestGatewayOptions<R extends Runtime> {
  readonly runtime?: R;
  /** A pool of these, in place of one runtime. */
  readonly hosts?: readonly NamedRuntime[];
  /** Environment variables, over those that suit tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Takes the lines of the log as the program would write them; otherwise there are none. */
  readonly logTo?: DestinationStream;
  /** `false` where a second process shares the database, as on PostgreSQL; on SQLite it is `true` otherwise. */
  readonly alone?: boolean;
  /** A database of this kind where a test is about it. */
  readonly provider?: Provider;
}

/** A GraphQL answer as it went over HTTP. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it asked for
  readonly data: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string } & Record<string, unknown>;
  }[];
}

/** A whole gateway on a real store of its own, listening on a free port, wired as the program wires it. */
export interface TestGateway<R extends Runtime> extends RunningGateway {
  readonly runtime: R;
  readonly config: Config;
  /** The first administrator's token. */
  readonly adminToken: string;
  /** The time stands still unless a test moves it; deadlines are looked at right after. */
  readonly clock: { advance(seconds: number): Promise<void> };
  /** Sends a document over HTTP; as the administrator unless another token, or `null`, is given. */
  graphql(query: string, variables?: object, token?: string | null): Promise<Answer>;
  /** The same, when nothing but data will do. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it asked for
  data(query: string, variables?: object, token?: string | null): Promise<any>;
  /** Resolves when everything ordered has been done. */
  settle(): Promise<void>;
  /** Stops this gateway and starts another on the same database and clock; also on the same runtime, unless told. */
  restart(changes?: TestGatewayOptions<R>): Promise<TestGateway<R>>;
}

/** Starts a gateway for a test; with the memory runtime unless another is given. */
export async function startTestGateway(
  options: TestGatewayOptions<Runtime> & { readonly hosts: readonly NamedRuntime[] },
): Promise<TestGateway<Runtime>>;
export async function startTestGateway(
  options?: TestGatewayOptions<ReturnType<typeof createMemoryRuntime>>,
): Promise<TestGateway<ReturnType<typeof createMemoryRuntime>>>;
export async function startTestGateway<R extends Runtime>(
  options: TestGatewayOptions<R> & { readonly runtime: R },
): Promise<TestGateway<R>>;
export async function startTestGateway(options: TestGatewayOptions<Runtime> = {}): Promise<TestGateway<Runtime>> {
  const database = await openTestStore(options.provider);
  await database.release();
  return startOn(database, { now: new Date("2026-01-01T00:00:00.000Z").getTime() }, options);
}

async function startOn(
  database: TestStore,
  time: { now: number },
  options: TestGatewayOptions<Runtime>,
): Promise<TestGateway<Runtime>> {
  const config = readConfig({
    PORT: "0",
    LOG_LEVEL: process.env["TEST_LOG_LEVEL"] ?? "silent",
    RAWORC_DATA_DIR: database.dataDir,
    DATABASE_URL: database.databaseUrl,
    RAWORC_DRAIN_SECONDS: "1",
    // No test reaches out: a build finds its repositories where the test says, or nowhere.
    RAWORC_GIT_BASE_URL: "file:///nowhere/",
    RAWORC_GIT_PROTOCOLS: "file",
    ...options.env,
  });
  const given = options.hosts ? { hosts: options.hosts } : { runtime: options.runtime ?? createMemoryRuntime() };
  const log = options.logTo ? createLog(config, options.logTo) : pino({ level: config.logLevel });
  const alone = options.alone === undefined ? {} : { alone: options.alone };
  const running = await startGateway(config, log, { ...given, now: () => new Date(time.now), ...alone });
  const { controller, url } = running;
  const { runtime } = running.gateway;

  const graphql = async (query: string, variables: object = {}, token: string | null = adminToken): Promise<Answer> => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };
  const data: TestGateway<Runtime>["data"] = async (...asked) => {
    const answer = await graphql(...asked);
    if (answer.errors) throw new Error(answer.errors.map(({ message }) => message).join("; "));
    return answer.data;
  };
  const adminToken: string = (await data(`mutation { login(user: "admin", password: "admin") { token } }`, {}, null))
    .login.token;
  return {
    ...running,
    runtime,
    config,
    adminToken,
    graphql,
    data,
    settle: () => controller.quiet(),
    clock: {
      async advance(seconds) {
        time.now += seconds * 1000;
        await controller.resync();
        await controller.quiet();
      },
    },
    async restart(changes = {}) {
      await running.stop();
      return startOn(database, time, { ...given, ...changes, env: { ...options.env, ...changes.env } });
    },
    async stop() {
      await running.stop();
      await database.close();
    },
  };
}
