"use strict";

// `npm start`: makes a fresh clone ready and runs the gateway. Runs on Node 18 with nothing installed.
const { runReady } = require("./run-ready.cjs");

void runReady({ withBuild: true, alone: true }, ({ node }) => [
  node,
  ["--enable-source-maps", "dist/main.js", ...process.argv.slice(2)],
]);
