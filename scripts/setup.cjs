"use strict";

const fs = require("fs");
const path = require("path");
const crypto = require("crypto");
const { run } = require("./child.cjs");
const { findNode } = require("./node.cjs");
const { addToLock, withLock } = require("./lock.cjs");

const root = path.dirname(__dirname);
const at = (...names) => path.join(root, ...names);
const npmWaits = ["--fetch-retries=3", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=8000"];

/**
 * What a fresh clone lacks, in order. Each step knows whether its result is still right, and leaves
 * nothing that looks right when it is cut off.
 */
const steps = [
  {
    title: "Installing dependencies (npm ci)",
    isDone: dependenciesAreInstalled,
    work: (tools) => tools.npm(["ci"]),
  },
  stamped({
    title: "Generating the database client",
    output: "src/store/generated",
    inputs: [
      "prisma/schema.prisma",
      "prisma.config.ts",
      "scripts/generate.ts",
      "scripts/postgresql-schema.ts",
      "package-lock.json",
    ],
    work: (tools) => tools.node(["--import", "tsx", "scripts/generate.ts"]),
  }),
];

const build = stamped({
  title: "Building",
  output: "dist",
  inputs: [
    "src",
    "src/store/generated/.stamp",
    "tsconfig.json",
    "scripts/build.ts",
    "scripts/bundle.ts",
    "package-lock.json",
  ],
  work: (tools) => tools.node(["--import", "tsx", "scripts/build.ts"]),
});

/**
 * Makes this clone ready to run and returns what to run it with: the path of a Node that is new enough
 * and an environment whose PATH has it first. Steps whose result still stands are skipped.
 *
 * @throws {Error} with words for people when a step fails.
 */
async function prepare({ withBuild }) {
  if (process.platform === "win32") throw new Error("Windows is not supported: use the Linux inside it (WSL).");
  const { node, missing } = findNode();
  if (missing) {
    say(`Node ${process.versions.node} is too old: fetching Node ${missing.version} into .tools and running on it`);
    await withLock(() => fs.existsSync(node) || missing.install(toolsOn(process.execPath).npm));
  }
  const tools = toolsOn(node);
  for (const step of withBuild ? [...steps, build] : steps) await ensure(step, tools);
  return { node, env: tools.env };
}

async function ensure(step, tools) {
  if (step.isDone()) return;
  await withLock(async () => {
    if (step.isDone()) return;
    say(step.title);
    await step.work(tools);
    if (step.finish) step.finish();
  });
}

/** A step whose result carries the hash of what it was made from. */
function stamped({ title, output, inputs, work }) {
  const stamp = at(output, ".stamp");
  let wanted;
  return {
    title,
    isDone() {
      wanted = hashOf(inputs);
      return fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted;
    },
    work(tools) {
      fs.rmSync(stamp, { force: true });
      return work(tools);
    },
    finish: () => fs.writeFileSync(stamp, wanted),
  };
}

function hashOf(inputs) {
  const hash = crypto.createHash("sha256");
  for (const file of inputs.flatMap((input) => filesIn(input))) {
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(at(file)))
      .update("\0");
  }
  return hash.digest("hex");
}

function filesIn(name) {
  if (!fs.existsSync(at(name))) return [];
  if (!fs.statSync(at(name)).isDirectory()) return [name];
  const inside = fs
    .readdirSync(at(name))
    .sort()
    .filter((entry) => entry !== "generated");
  return inside.flatMap((entry) => filesIn(`${name}/${entry}`));
}

/** npm writes its own record of `node_modules` last, so an install that was cut off has none. */
function dependenciesAreInstalled() {
  const installed = packagesIn("node_modules/.package-lock.json");
  if (!installed) return false;
  return Object.entries(packagesIn("package-lock.json")).every(
    ([name, { version, optional }]) =>
      name === "" || (installed[name] ? installed[name].version === version : optional === true),
  );
}

function packagesIn(lockfile) {
  return fs.existsSync(at(lockfile)) ? JSON.parse(fs.readFileSync(at(lockfile), "utf8")).packages : undefined;
}

function toolsOn(node) {
  const env = {
    ...process.env,
    PATH: path.dirname(node) + path.delimiter + process.env.PATH,
  };
  return {
    env,
    node: (args) => runQuietly(node, args, env),
    npm: (args) => runQuietly(...npmCommand(node, [...args, ...npmWaits]), env),
  };
}

/** Under `npm start` npm tells where it is; otherwise it is on the PATH. */
function npmCommand(node, args) {
  const script = process.env.npm_execpath;
  if (script && path.basename(script) === "npm-cli.js") return [node, [script, ...args]];
  return ["npm", args];
}

async function runQuietly(file, args, env) {
  const { code, output, stopped } = await run(file, args, { env, cwd: root, quiet: true, onStart: addToLock });
  if (stopped) throw new Error("Stopped before everything was set up; the next start goes on from here.");
  if (code !== 0) throw new Error([output.trim(), adviceFor(output)].filter(Boolean).join("\n\n"));
}

function adviceFor(output) {
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/.test(output);
  return offline && "npm could not reach its registry: check the network (or npm's proxy setting) and start again.";
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

module.exports = { prepare, root };
