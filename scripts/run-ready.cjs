"use strict";

const { prepare, root } = require("./setup.cjs");
const { run } = require("./child.cjs");

/**
 * Makes the clone ready, then runs the command that `commandOn` names and exits as it exits.
 * When set-up fails it says why and exits with 1.
 */
async function runReady(what, commandOn) {
  try {
    const ready = await prepare(what);
    const [file, args] = commandOn(ready);
    const { code } = await run(file, args, { env: ready.env, cwd: root });
    process.exitCode = code;
  } catch (error) {
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

module.exports = { runReady };
