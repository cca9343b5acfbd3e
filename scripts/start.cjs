"use strict";

// `npm start`: makes a fresh clone ready and runs the gateway. Runs on Node 18 with nothing installed.
const { gatewayCommand } = require("./gateway-command.cjs");
const { runReady } = require("./run-ready.cjs");

void runReady({ withBuild: true, alone: true, env: gatewayCommand.env }, ({ node }) => [
  node,
  [...gatewayCommand.args, ...process.argv.slice(2)],
]);
