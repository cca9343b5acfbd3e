"use strict";

const { prepare, root } = require("./setup.cjs");
const { run } = require("./child.cjs");

/**
 * Makes the clone ready, then runs the command that `commandOn` names and exits as it exits. `alone`
 * says who gets the signals sent to this process; see `run`. `env` holds for the command unless it is set otherwise.
 * When set-up fails it says why and exits with 1.
 */
async function runReady({ withBuild, alone = false, env = {} }, commandOn) {
  try {
    const ready = await prepare({ withBuild });
    const [file, args] = commandOn(ready);
    const { code } = await run(file, args, { env: { ...env, ...ready.env }, cwd: root, alone });
    process.exitCode = code;
  } catch (error) {
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

module.exports = { runReady };
