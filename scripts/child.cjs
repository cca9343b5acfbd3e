"use strict";

const { spawn } = require("child_process");
const { constants } = require("os");

/** Ctrl-C in a terminal arrives twice under npm: from the terminal and, moments later, from npm. */
const sameSignalMs = 300;

/**
 * Runs a command to its end. Signals sent to this process reach the command exactly once, and this
 * process lives until the command has ended. With `alone` they reach the command only, and it sees to
 * the processes it started; otherwise those get them as well, as they would in a terminal.
 *
 * @returns {Promise<{ code: number, output: string, stopped: boolean }>} the exit code (128 + N when
 *   signal N ended the command), with `quiet` everything it printed, and whether it was told to stop.
 */
function run(command, args, { env, cwd, quiet = false, alone = false, onStart } = {}) {
  return new Promise((resolve, reject) => {
    // A process group of its own keeps the terminal's copy of a signal away from the command.
    const child = spawn(command, args, {
      env,
      cwd,
      detached: true,
      stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    const output = [];
    if (quiet) for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));
    const passing = passSignals(child, alone);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const stopped = passing.end();
      const exitCode = signal ? 128 + constants.signals[signal] : code;
      resolve({ code: exitCode, output: Buffer.concat(output).toString(), stopped });
    });
    if (onStart && child.pid) onStart(child.pid);
  });
}

function passSignals(child, alone) {
  const lastAt = {};
  // A closed terminal is a wish to stop, so it is told as one.
  const wishes = { SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGTERM" };
  const listeners = Object.entries(wishes).map(([received, sent]) => [
    received,
    () => {
      const now = Date.now();
      if (now - (lastAt[sent] || 0) >= sameSignalMs) send(child, sent, alone);
      lastAt[sent] = now;
    },
  ]);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return {
    /** Stops passing signals on and tells whether there were any. */
    end() {
      for (const [signal, listener] of listeners) process.off(signal, listener);
      return Object.keys(lastAt).length > 0;
    },
  };
}

function send(child, signal, alone) {
  if (alone) return child.kill(signal);
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error; // it has just ended
  }
}

module.exports = { run };
