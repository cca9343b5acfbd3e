import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { Client } from "./demo/client.ts";
import { findGateway, type FoundGateway } from "./demo/gateway.ts";
import { createScreen } from "./demo/screen.ts";
import { chooseTask, createAgent, deleteAgent, logIn, secretsOf, showMainJob } from "./demo/story.ts";

// `npm run demo [-- --keep]`: the main job in a terminal, on the gateway that runs or on one of its own.
const usage = `Usage: npm run demo [-- --keep]

Shows the main job: an agent is created, answers a response, sleeps, wakes, and finds its files again.
It uses the gateway at RAWORC_URL, else the one at PORT (9000) on this machine, else it starts its own.

  --keep    leaves the agent, and a gateway that was started, when it is done

  RAWORC_ADMIN_PASSWORD                    the password of user "admin" (default: admin)
  ANTHROPIC_API_KEY, OPENAI_API_KEY        with one of them a model answers, otherwise a shell
`;

const interrupted = new AbortController();
const screen = createScreen(process.stdout, interrupted.signal);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { keep: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return void process.stdout.write(usage);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  const gateway = await screen.during("Looking for a gateway", () => findGateway(process.env), whereItIs);
  try {
    await show(gateway, values.keep ?? false);
  } finally {
    if (!values.keep) await gateway.stop();
  }
  if (values.keep) screen.print(howToGoOn(gateway));
}

/** The first signal makes the demo clean up; a second one ends it at once. */
function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(1);
  interrupted.abort(new Error("Interrupted"));
}

async function show({ url, own }: FoundGateway, keep: boolean): Promise<void> {
  const client = await logIn(url, screen, process.env);
  const name = `demo-${randomUUID().slice(0, 8)}`;
  try {
    await sayWhatHoldsComputers(client);
    const task = chooseTask(process.env);
    await createAgent(client, screen, name, task, own ? null : secretsOf(process.env));
    await showMainJob(client, screen, name, task);
  } finally {
    if (!keep) await deleteAgent(client, createScreen(process.stdout), name);
    client.close();
  }
}

async function sayWhatHoldsComputers(client: Client): Promise<void> {
  const { health } = await client.data<{ health: { checks: { name: string; message: string }[] } }>(
    "{ health { checks { name message } } }",
  );
  const { message = "" } = health.checks.find(({ name }) => name === "runtime") ?? {};
  screen.print(`Computers: ${message}`, screen.colors.dim("  · "));
}

const whereItIs = ({ url, own }: FoundGateway) =>
  own ? `Started a gateway at ${url}, its data in a temporary folder` : `Found a gateway at ${url}`;

const howToGoOn = ({ url, own }: FoundGateway) =>
  [`Kept: go on at ${url}/graphql`, ...(own ? [`To end it: kill ${own.pid}; rm -r ${own.folder}`] : [])].join("\n");

main().catch((error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
