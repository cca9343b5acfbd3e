import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { gatewayCommand } from "../../scripts/gateway-command.cjs";

export interface ProcessOptions {
  /** Kept over restarts when it is given; otherwise a new folder, deleted by `stop`. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than what `npm start` runs, such as a gateway with a runtime of its own. */
  readonly main?: string;
}

/** A gateway in a process of its own, as users run it: built, by the command of `npm start`. */
export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  /** A graphql-ws client that is logged in. */
  readonly live: Client;
  /** Sends a document over HTTP and answers its data; throws what the gateway refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: the caller reads the fields it asked for
  ask(query: string, variables?: object): Promise<any>;
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Ends it by SIGTERM, as an operator would; answers its exit code. */
  stop(): Promise<number | null>;
}

/** A folder for a gateway's data that lasts over its restarts. */
export const makeDataDir = () => mkdtemp(join(tmpdir(), "raworc-process-"));

/** Starts a gateway on a free port and logs in as its first administrator. */
export async function startGatewayProcess(options: ProcessOptions = {}): Promise<GatewayProcess> {
  const dataDir = options.dataDir ?? (await makeDataDir());
  const { args, env } = options.main === undefined ? gatewayCommand : { args: [options.main], env: {} };
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env, PORT: "0", LOG_LEVEL: "error", RAWORC_DATA_DIR: dataDir, ...options.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await listeningUrl(child);
  const send = sender(url);
  const { login } = await send(`mutation { login(user: "admin", password: "admin") { token } }`, {}, null);
  const token: string = login.token;
  const live = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    lazyCloseTimeout: 10_000, // one that begins just as the last one ends would find its socket closing
  });
  const end = async (signal: NodeJS.Signals) => {
    const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
    child.kill(signal);
    await gone;
    await live.dispose();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    return child.exitCode;
  };
  return {
    child,
    pid: child.pid ?? 0,
    url,
    token,
    live,
    ask: (query, variables = {}) => send(query, variables, token),
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
  };
}

function sender(url: string) {
  // biome-ignore lint/suspicious/noExplicitAny: the caller reads the fields it asked for
  return async (query: string, variables: object, token: string | null): Promise<any> => {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const body = JSON.stringify({ query, variables });
    const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body });
    const { data, errors } = (await answer.json()) as { data: unknown; errors?: { message: string }[] };
    if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
    return data;
  };
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("the gateway's output is not piped");
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const url = /listens on (\S+)/.exec(line)?.[1];
    if (!url) continue;
    child.stdout.resume();
    return url;
  }
  throw new Error("the gateway ended before it listened");
}
