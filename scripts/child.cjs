"use strict";

const { spawn } = require("child_process");
const { constants } = require("os");

const windows = process.platform === "win32";

/** Ctrl-C in a terminal arrives twice under npm: from the terminal and, moments later, from npm. */
const sameSignalMs = 300;

/**
 * Runs a command to its end. Signals sent to this process reach the command exactly once, and this
 * process lives until the command has ended.
 *
 * @returns {Promise<{ code: number, output: string }>} the exit code (128 + N when signal N ended the
 *   command) and, with `quiet`, everything it printed.
 */
function run(command, args, { env, cwd, quiet = false, onStart } = {}) {
  return new Promise((resolve, reject) => {
    // A process group of its own keeps the terminal's copy of a signal away from the command.
    const child = spawn(command, args, {
      env,
      cwd,
      detached: !windows,
      shell: windows && command.endsWith(".cmd"),
      stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    const output = [];
    if (quiet) for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));
    const stopPassing = passSignals(child);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      stopPassing();
      resolve({ code: signal ? 128 + constants.signals[signal] : code, output: Buffer.concat(output).toString() });
    });
    if (onStart && child.pid) onStart(child.pid);
  });
}

function passSignals(child) {
  const lastAt = {};
  // A closed terminal is a wish to stop, so it is told as one.
  const wishes = { SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGTERM" };
  const listeners = Object.entries(wishes).map(([received, sent]) => [
    received,
    () => {
      const now = Date.now();
      if (now - (lastAt[sent] || 0) >= sameSignalMs) child.kill(sent);
      lastAt[sent] = now;
    },
  ]);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => listeners.forEach(([signal, listener]) => process.off(signal, listener));
}

module.exports = { run };
