/** The twin of the launcher for Python; runs in a computer under `node -e`. */
export const NODE_LAUNCHER = String.raw`
const { existsSync, readFileSync, rmSync, writeSync } = require("node:fs");
const { connect, createServer } = require("node:net");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const socketPath = ".raworc-agent.sock";
const endings = [".mjs", ".cjs", ".js", "/index.mjs", "/index.cjs", "/index.js"];

class Missing extends Error {}

async function load(agent, handler) {
  const folder = join(process.env.RAWORC_AGENTS || "/opt/raworc/agents", agent);
  if (!existsSync(folder)) throw new Missing('The code of agent "' + agent + '" is not in this computer');
  const [name, wanted] = [handler.slice(0, handler.lastIndexOf(".")), handler.slice(handler.lastIndexOf(".") + 1)];
  const bases = [name, name.replaceAll(".", "/")];
  const files = bases.flatMap((base) => endings.map((ending) => join(folder, base + ending)));
  const file = files.find((each) => existsSync(each));
  if (!file) throw new Missing('The code of agent "' + agent + '" has no module "' + name + '"');
  const module = await import(pathToFileURL(file).href);
  const found = [module[wanted], module.default?.[wanted], module.default].find((each) => typeof each === "function");
  if (!found) throw new Missing('Module "' + name + '" of agent "' + agent + '" has no function "' + wanted + '"');
  return found;
}

const traceOf = (error) =>
  String(error?.stack ?? error).split("\n").filter((line) => !/^\s+at .*(\[eval|node:internal)/.test(line)).join("\n");

async function outcomeOf({ agent, handler, message, context }) {
  try {
    const call = await load(agent, handler);
    return { value: (await call(message, context)) ?? null };
  } catch (error) {
    if (error instanceof Missing) return { missing: error.message };
    return { raised: error?.constructor?.name ?? typeof error, trace: traceOf(error) };
  }
}

const textOf = (outcome) => {
  try {
    return JSON.stringify(outcome);
  } catch (error) {
    return JSON.stringify({ raised: error.constructor.name, trace: "Error: what the handler returned is no JSON" });
  }
};

const announce = (line) =>
  new Promise((resolve) => {
    const log = connect(socketPath);
    log.setTimeout(1000, () => log.destroy());
    log.on("error", () => undefined).on("close", resolve).end(line);
  });

async function answer() {
  const { nonce, announces, ...given } = JSON.parse(readFileSync(0, "utf8"));
  if (announces) await announce("INFO Processing request");
  const outcome = textOf(await outcomeOf(given));
  if (announces && !outcome.startsWith('{"value"')) await announce("ERROR Request failed");
  let rest = Buffer.from("\n" + nonce + " " + outcome + "\n");
  while (rest.length > 0) rest = rest.subarray(writeSync(3, rest));
  process.exit(0);
}

const log = (level, text) => console.log(new Date().toISOString().replace(/\.\d+/, "") + " [" + level + "] " + text);

async function serve(agent, handler) {
  try {
    await load(agent, handler);
  } catch (error) {
    log("ERROR", error instanceof Missing ? error.message : "Agent did not start");
    if (!(error instanceof Missing)) console.log(traceOf(error));
    process.exit(1);
  }
  rmSync(socketPath, { force: true });
  const calls = createServer((caller) => {
    caller.setTimeout(1000, () => caller.destroy());
    caller.on("error", () => undefined).once("data", (data) => {
      const [level, ...words] = data.toString("latin1").slice(0, 200).split(" ");
      log(level, words.join(" "));
    });
  });
  calls.listen(socketPath, () => log("INFO", "Agent started"));
}

const [word, ...rest] = process.argv.slice(1);
if (word === "answer") answer();
else serve(...rest);
`;
