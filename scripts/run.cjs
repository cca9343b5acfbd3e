"use strict";

// `node scripts/run.cjs [--build] TOOL [ARGUMENT…]`: makes a fresh clone ready, then runs one of the
// installed tools or a TypeScript file. Runs on Node 18 with nothing installed.
const { join } = require("path");
const { runReady } = require("./run-ready.cjs");

const words = process.argv.slice(2);
const withBuild = words[0] === "--build";
const [tool, ...args] = withBuild ? words.slice(1) : words;

void runReady({ withBuild }, ({ node }) =>
  tool.endsWith(".ts")
    ? [node, ["--enable-source-maps", "--import", "tsx", tool, ...args]]
    : [join("node_modules/.bin", tool), args],
);
