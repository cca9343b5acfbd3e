"use strict";

// `node scripts/run.cjs [--build] TOOL [ARGUMENT…]`: makes a fresh clone ready, then runs one of the
// installed tools or a TypeScript file. Runs on Node 18 with nothing installed.
const { dirname, join } = require("path");
const { runReady } = require("./run-ready.cjs");

const root = dirname(__dirname);
const words = process.argv.slice(2);
const withBuild = words[0] === "--build";
const [tool, ...args] = withBuild ? words.slice(1) : words;

// Tools load what they loaded before without compiling it again.
const env = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node") };

void runReady({ withBuild, env }, ({ node }) =>
  tool.endsWith(".ts")
    ? [node, ["--enable-source-maps", "--import", "tsx", tool, ...args]]
    : [join("node_modules/.bin", tool), args],
);
