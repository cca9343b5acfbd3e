import { type Client, connect, Refusal } from "./client.ts";
import { showResponse } from "./response.ts";
import type { Screen } from "./screen.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the agent is to do, and how it shows later that its files are still there. */
interface Task {
  readonly engine: "SHELL" | "MODEL";
  readonly instructions: string | null;
  readonly first: string;
  readonly second: string;
  /** What the second answer must hold. */
  readonly proof: RegExp;
}

const shellTask: Task = {
  engine: "SHELL",
  instructions: null,
  first: `echo "I work in $PWD on $(uname -sm)"
for step in 1 2 3; do echo "step $step of 3"; sleep 0.3; done
echo "written before the sleep" > notes.txt && ls -l notes.txt`,
  second: "cat notes.txt",
  proof: /written before the sleep/,
};

const modelTask: Task = {
  engine: "MODEL",
  instructions: "You are a careful programmer. Try what you write before you answer. Answer in one sentence.",
  first: "Write a shell script primes.sh that prints the first 20 primes, run it, and tell me their sum.",
  second: "Which script did you write before you slept? Look whether it is still there, and name it.",
  proof: /primes\.sh/,
};

const keyNames = new Set(["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "RAWORC_MODEL"]);

/** A model with tools where a key is set, otherwise a shell. */
export const chooseTask = (environment: Environment): Task =>
  environment["ANTHROPIC_API_KEY"] || environment["OPENAI_API_KEY"] ? modelTask : shellTask;

/**
 * Logs in as the administrator.
 *
 * @throws {Error} that says which variable to set when the password is another one.
 */
export async function logIn(url: string, screen: Screen, environment: Environment): Promise<Client> {
  const stranger = connect(url, null);
  const password = environment["RAWORC_ADMIN_PASSWORD"] || "admin";
  const { login } = await screen.during(
    "Logging in",
    () => stranger.data<{ login: { token: string } }>(logInDocument, { password }).catch(explainRefusal),
    () => `Logged in as "admin"`,
  );
  return connect(url, login.token);
}

const logInDocument = 'mutation LogIn($password: String!) { login(user: "admin", password: $password) { token } }';

function explainRefusal(error: unknown): never {
  if (!(error instanceof Refusal) || error.code !== "UNAUTHENTICATED") throw error;
  const advice = 'Set RAWORC_ADMIN_PASSWORD to the password of its user "admin" and start the demo again.';
  throw new Error(`The gateway did not take the password. ${advice}`, { cause: error });
}

/** Creates the agent and waits until its computer runs. `secrets` are for a gateway that has no key itself. */
export async function createAgent(client: Client, screen: Screen, name: string, task: Task, secrets: object | null) {
  const { engine, instructions } = task;
  const input = { name, engine, instructions, secrets, description: "Made by npm run demo" };
  await screen.during(
    `Creating agent "${name}" and its computer`,
    async () => {
      await client.data("mutation Create($input: CreateAgentInput!) { createAgent(input: $input) { name } }", {
        input,
      });
      await agentIs(client, name, ({ state }) => state !== "INIT");
    },
    () => `Created agent "${name}", engine ${engine}; its computer runs`,
  );
}

/** The keys of this environment, for an agent on a gateway that was started without them. */
export function secretsOf(environment: Environment): Readonly<Record<string, string>> | null {
  const given = Object.entries(environment).filter(([name, value]) => keyNames.has(name) && value);
  return given.length > 0 ? (Object.fromEntries(given) as Record<string, string>) : null; // those without are left out
}

/**
 * The main job: a response, sleep, wake, and a response that finds the files of the first.
 *
 * @throws {Error} when the files are not there.
 */
export async function showMainJob(client: Client, screen: Screen, name: string, task: Task): Promise<void> {
  await showResponse(client, screen, name, task.first);
  await screen.during(
    "Putting it to sleep",
    async () => {
      await client.data("mutation Sleep($name: ID!) { sleepAgent(name: $name) { state } }", { name });
      return agentIs(client, name, ({ computer }) => computer.phase === "PAUSED" || computer.phase === "STOPPED");
    },
    ({ state, computer }) => `Asleep: agent ${state}, computer ${computer.phase}`,
  );
  await screen.during(
    "Waking it",
    async () => {
      await client.data("mutation Wake($name: ID!) { wakeAgent(name: $name) { state } }", { name });
      return agentIs(client, name, ({ state, computer }) => state === "IDLE" && computer.phase === "RUNNING");
    },
    ({ state, computer }) => `Awake: agent ${state}, computer ${computer.phase}`,
  );
  const answer = await showResponse(client, screen, name, task.second);
  if (!task.proof.test(answer)) throw new Error("The agent did not find its files again");
  screen.print("Its files are still there.", screen.colors.green("✔ "));
}

/** Deletes the agent, and waits until its computer and files are gone. */
export async function deleteAgent(client: Client, screen: Screen, name: string): Promise<void> {
  const { agent } = await client.data<{ agent: { computer: { id: string } } | null }>(computerOf, { name });
  if (!agent) return;
  await screen.during(
    "Deleting it",
    async () => {
      await client.data("mutation Delete($name: ID!) { deleteAgent(name: $name) { name } }", { name });
      const filter = { streams: [`computer:${agent.computer.id}`], types: ["computer.removed"] };
      await client.until<{ events: { totalCount: number } }>(
        "query IsGone($filter: EventFilter!) { events(filter: $filter) { totalCount } }",
        { filter },
        ({ events }) => events.totalCount > 0,
      );
    },
    () => `Deleted agent "${name}" with its computer and files`,
  );
}

const computerOf = "query ComputerOf($name: ID!) { agent(name: $name) { computer { id } } }";

interface AgentNow {
  readonly state: "INIT" | "IDLE" | "BUSY" | "SLEPT";
  readonly lastError: string | null;
  readonly computer: { readonly phase: string; readonly lastError: string | null };
}

async function agentIs(client: Client, name: string, isReached: (agent: AgentNow) => boolean): Promise<AgentNow> {
  const { agent } = await client.until<{ agent: AgentNow }>(
    "query Now($name: ID!) { agent(name: $name) { state lastError computer { phase lastError } } }",
    { name },
    ({ agent: now }) => now.lastError !== null || isReached(now),
  );
  if (agent.lastError !== null) throw new Error(`The agent cannot work: ${agent.lastError}`);
  return agent;
}
