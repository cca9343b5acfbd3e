import { flushCompileCache } from "node:module";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { letRequestsGoFirst } from "./background-threads.ts";
import { type Config, ConfigError, describeVariables, readConfig, unknownVariables } from "./config.ts";
import { type Rotated, rotateKey } from "./domain/secrets/rotate-key.ts";
import type { FirstAdministrator } from "./domain/service-accounts/first-administrator.ts";
import { version } from "./domain/system/version.ts";
import { createLog } from "./log.ts";
import { type RunningGateway, startGateway } from "./start.ts";
import { StoreError } from "./store/store-error.ts";

const usage = `Raworc Gateway ${version.version}: a self-hosted control plane for AI agents.

Usage: npm start [-- --help | --version]
       npm run rotate-key    changes the key that seals secrets

It is configured by environment variables, all of them optional:

${describeVariables()}
`;

/** Each holds everything up for about a tenth of a second. */
const collections = 4;
const quietMs = 1_000;
/** The share of that time in which the gateway may have had something to do. */
const quietShare = 0.1;

const exitCodes = { done: 0, failed: 1, badConfiguration: 2 } as const;

async function main(words: readonly string[]): Promise<void> {
  if (words.includes("--help") || words.includes("-h")) return void process.stdout.write(usage);
  if (words.includes("--version")) return void process.stdout.write(`${version.version}\n`);
  if (words.join(" ") === "rotate-key") return rotate();
  if (words.length > 0) throw new ConfigError(`"${words.join(" ")}" is not understood; see npm start -- --help`);
  const config = configured();
  const log = createLog(config);
  const running = await startGateway(config, log, {}, (administrator) => {
    process.stdout.write(passwordLines(administrator));
  });
  process.stdout.write(await greeting(running));
  stopOnSignals(running);
  await letRequestsGoFirst().catch((err: unknown) => log.debug({ err }, "the priorities of threads stay as they are"));
  flushCompileCache(); // the next start compiles less, even if this process is killed
  await giveBackMemory();
}

async function rotate(): Promise<void> {
  process.stdout.write(rotated(await rotateKey(configured())));
}

/** A variable that nothing reads is told before anything else: what it was to change would be a surprise later. */
function configured(): Config {
  for (const sentence of unknownVariables(process.env)) process.stderr.write(`WARNING: ${sentence}\n`);
  return readConfig(process.env);
}

/** What was done, and what to do with the old key. */
function rotated({ secrets, oldKeyFile }: Rotated): string {
  const sealed = `${secrets} ${secrets === 1 ? "secret is" : "secrets are"} sealed under the new master key.\n`;
  if (oldKeyFile === null) return `${sealed}Only backups from before still need RAWORC_MASTER_KEY_PREVIOUS.\n`;
  return `${sealed}The old one is ${oldKeyFile}: restart the gateways that run; then only backups from before need it.\n`;
}

/**
 * Starting takes more memory than resting, and Node would keep it; what ran only once goes when several collections in
 * a row have found it unused. They wait for a quiet second. `npm start` exposes `gc`; nothing depends on it.
 */
async function giveBackMemory(): Promise<void> {
  if (!globalThis.gc) return;
  for (let left = collections; left > 0; ) {
    const before = performance.eventLoopUtilization();
    await wait(quietMs, undefined, { ref: false });
    if (performance.eventLoopUtilization(before).utilization > quietShare) continue;
    collectAll(globalThis.gc);
    left -= 1;
  }
}

/**
 * A tick waits meanwhile. Were there none, V8 would forget what Node's ticks look like, and make those of all later ones
 * in a slow way, for good: every request would take a fifth more.
 */
function collectAll(gc: NonNullable<typeof globalThis.gc>): void {
  process.nextTick(() => {});
  gc({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** What became of the first administrator's password, with the password where the operator does not know it. */
function passwordLines({ user, generatedPassword: password, replacedDefault }: FirstAdministrator): string {
  const by = password ? "a generated one" : "RAWORC_ADMIN_PASSWORD";
  const lines = [
    ...(replacedDefault ? [`WARNING: ${by} replaced the default password of "${user}", whose tokens have ended`] : []),
    ...(password ? [`Log in as user "${user}", password "${password}" (shown only this once)`] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** What a newcomer needs next: where, how to log in, and what holds computers. */
async function greeting({ url, gateway }: RunningGateway): Promise<string> {
  const { config, runtime } = gateway;
  const info = await runtime.ping().catch(() => null);
  const lines = [
    `Raworc Gateway ${version.version} listens on ${url}`,
    config.graphiql ? `  GraphiQL   ${url}/graphql` : `  GraphQL    ${url}/graphql (GraphiQL is off)`,
    `  REST       ${url}/api/v0  (to read: ${url}/api/v0/docs)`,
    ...howToLogIn(gateway),
    `  Computers  ${info ? `${info.kind} ${info.version}` : `${runtime.kind}: does not answer yet; orders wait for it`}`,
    ...(info?.warning ? [`  WARNING    ${info.warning}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

const howToLogIn = ({ config }: RunningGateway["gateway"]) =>
  config.adminPassword === null && config.onLoopback && !config.production
    ? [`  Log in     user "admin", password "admin" unless you changed it`]
    : [];

/** The first signal drains; a second one ends at once. */
function stopOnSignals(running: RunningGateway): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(exitCodes.failed);
    stopping = true;
    const { config, log } = running.gateway;
    const rule = `what runs may end within ${config.drainSeconds} s, nothing new begins`;
    log.info({ signal }, `stopping: ${rule}; another signal ends it at once`);
    running.stop().then(
      () => process.exit(exitCodes.done),
      (error: unknown) => fail(error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function fail(error: unknown): never {
  process.stderr.write(`${sentenceFor(error) ?? ((error instanceof Error && error.stack) || String(error))}\n`);
  process.exit(error instanceof ConfigError ? exitCodes.badConfiguration : exitCodes.failed);
}

/** What an operator can act on; `null` for anything else, which is a bug and shown whole. */
function sentenceFor(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof StoreError) return error.message;
  if (!isListenError(error)) return null;
  const { code, message, address, port, hostname } = error;
  if (hostname !== undefined) return `HOST "${hostname}" cannot be found (${code}): name an address of this machine`;
  if (code !== "EADDRINUSE") return `${message}; choose another HOST or PORT`;
  return `${address}:${port} is taken by another program: stop that one, or choose another PORT`;
}

const isListenError = (error: unknown): error is ListenError =>
  error instanceof Error &&
  "syscall" in error &&
  (error.syscall === "listen" || ("hostname" in error && error.hostname === process.env["HOST"]));

interface ListenError extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly port?: number;
  /** HOST, where it is a name that could not be looked up. */
  readonly hostname?: string;
}

main(process.argv.slice(2)).catch(fail);
