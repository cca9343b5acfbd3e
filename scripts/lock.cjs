"use strict";

const fs = require("fs");
const path = require("path");

const file = path.join(path.dirname(__dirname), ".tools", "setup.lock");
const longestWaitMs = 5 * 60_000;

/**
 * Runs `work` while no other set-up of this clone runs, in this process or another, such as `npm start`
 * beside `npm test`. A lock whose processes are all gone counts for nothing.
 */
async function withLock(work) {
  await take();
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** Names a process that the work started: an install that outlives a killed set-up is waited for too. */
function addToLock(pid) {
  fs.appendFileSync(file, `${pid}\n`);
}

async function take() {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const giveUpAt = Date.now() + longestWaitMs;
  let waiting = false;
  while (!tryToTake()) {
    if (Date.now() > giveUpAt || !isHeld()) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!waiting) process.stderr.write("Waiting for another set-up of this folder to end\n");
    waiting = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function tryToTake() {
  try {
    fs.writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function isHeld() {
  try {
    return fs
      .readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .some((pid) => isAlive(Number(pid)));
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

module.exports = { addToLock, withLock };
