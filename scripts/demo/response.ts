import type { Client } from "./client.ts";
import { type Passing, plain, type Screen } from "./screen.ts";

/** How much of a tool's output is kept on the screen. */
const keptLines = 10;

/**
 * Sends a response and draws its steps as they come, until it ends; answers with its final text.
 *
 * @throws {Error} when it does not end well.
 */
export async function showResponse(client: Client, screen: Screen, agent: string, text: string): Promise<string> {
  screen.print(text, screen.colors.cyan("  > "));
  const answer = await screen.during(
    "Sending a response",
    (passing) => follow(client, screen, passing, { agent, text }),
    () => "Response COMPLETED",
  );
  return answer;
}

const send = /* GraphQL */ `
  mutation Send($agent: ID!, $input: JSON!) {
    createResponse(agent: $agent, input: $input) { id }
  }
`;

const watchIt = /* GraphQL */ `
  subscription WatchIt($id: ID!) {
    responseProgress(id: $id) {
      seq status delta
      item { raw }
      response { failure { reason message } }
    }
  }
`;

interface Step {
  /** Null for what passes by. */
  readonly seq: number | null;
  readonly status: string | null;
  readonly delta: { readonly text?: string; readonly restart?: boolean } | null;
  readonly item: { readonly raw: Item } | null;
  readonly response: { readonly failure: { readonly reason: string; readonly message: string } | null } | null;
}

interface Item {
  readonly type: string;
  readonly text?: string;
  readonly tool?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly output?: unknown;
}

interface Asked {
  readonly agent: string;
  readonly text: string;
}

async function follow(client: Client, screen: Screen, passing: Passing, { agent, text }: Asked) {
  const { createResponse } = await client.data<{ createResponse: { id: string } }>(send, {
    agent,
    input: { text },
  });
  const drawing = createDrawing(screen, passing, text);
  let last = 0;
  for await (const { responseProgress: step } of client.watch<{ responseProgress: Step }>(watchIt, createResponse)) {
    // A socket that broke is opened again, and everything comes once more.
    if (step.seq !== null && step.seq <= last) continue;
    last = step.seq ?? last;
    if (step.delta?.text) drawing.pass(step.delta.text, step.delta.restart);
    if (step.item) drawing.draw(step.item.raw);
    if (step.status) passing.doing(step.status);
    if (step.status === "FAILED" || step.status === "CANCELLED") throw new Error(whyNot(step));
  }
  return drawing.answer();
}

function whyNot({ status, response }: Step): string {
  const { reason, message } = response?.failure ?? { reason: "", message: "" };
  return `The response ended ${status} ${reason}: ${message}`;
}

/** Draws items; remembers the output of the last tool, which is not shown again when it is the answer too. */
function createDrawing(screen: Screen, passing: Passing, asked: string) {
  const { colors } = screen;
  const bar = colors.dim("  │ ");
  let passed = "";
  let output = "";
  let answer = "";
  const printOutput = () => {
    if (output !== "") screen.print(shortened(output), bar);
    output = "";
  };
  const draw = (item: Item) => {
    passed = "";
    passing.show("");
    if (item.type === "final") {
      answer = plain(item.text ?? "");
      if (answer !== output) printOutput();
      output = "";
      return screen.print(answer, colors.green("  = "));
    }
    printOutput();
    if (item.type === "commentary") screen.print(plain(item.text ?? ""), colors.dim("  · "));
    if (item.type === "tool_call") screen.print(callOf(item, asked), colors.yellow("  ⚒ "));
    if (item.type === "tool_result") output = outputOf(item);
  };
  return {
    draw,
    /** `restart`: what passed before belongs to a step that begins again. */
    pass(text: string, restart = false) {
      passed = restart ? text : passed + text;
      passing.show(passed);
    },
    answer: () => answer,
  };
}

/** A shell runs just what was asked, which needs not be said again. */
function callOf({ tool = "", args = {} }: Item, asked: string): string {
  const command = args["command"];
  if (command === asked) return plain(tool);
  return plain(`${tool} ${typeof command === "string" ? command : JSON.stringify(args)}`);
}

/** A bash tool says its exit code on the first line, which is of interest when it is not 0. */
const outputOf = ({ output }: Item) =>
  plain(typeof output === "string" ? output.replace(/^\[exit_code:0\]\n/, "") : JSON.stringify(output));

function shortened(text: string): string {
  const lines = text.split("\n");
  return lines.length <= keptLines
    ? text
    : [...lines.slice(0, keptLines), `… ${lines.length - keptLines} more lines`].join("\n");
}
