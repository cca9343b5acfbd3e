"use strict";

// `npm run lock`, after `npm install NAME`, or `npm run lock -- bench` for the peers of the bench: npm leaves
// packages of other platforms out of package-lock.json when it has not seen them (its old bug 4828), and `npm ci`
// then refuses the file, here or on those platforms. This adds them, with what their names say of the platform and
// without a checksum.
const fs = require("fs");
const path = require("path");

const file = path.join(path.dirname(__dirname), process.argv[2] || ".", "package-lock.json");
const systems = new Set([
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
]);
const processors = new Set([
  "arm",
  "arm64",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "x64",
  "wasm32",
]);

const lock = JSON.parse(fs.readFileSync(file, "utf8"));
const added = Object.entries(lock.packages).flatMap(([owner, { optionalDependencies = {}, dev }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !isLocked(owner, name))
    .map(([name, version]) => [`node_modules/${name}`, entryFor(name, version, dev)]),
);
const sorted = Object.entries({ ...lock.packages, ...Object.fromEntries(added) }).sort(([a], [b]) =>
  a.localeCompare(b, "en"),
);
fs.writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
process.stdout.write(`Added ${added.length} packages of other platforms to package-lock.json\n`);

/** True when the package that `owner` would load by this name is in the lock file. */
function isLocked(owner, name) {
  for (let folder = owner; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (lock.packages[path.posix.join(folder, "node_modules", name)]) return true;
    if (folder === "") return false;
  }
}

function entryFor(name, version, dev) {
  const words = name.split(/[/-]/);
  const libc = words.some((word) => word.startsWith("musl")) ? ["musl"] : undefined;
  const os = words.filter((word) => systems.has(word));
  const cpu = words.filter((word) => processors.has(word));
  const anywhere = cpu[0] === "wasm32";
  if (!/^\d/.test(version) || cpu.length !== 1 || (os.length !== 1 && !anywhere)) {
    throw new Error(`"${name}" at "${version}" is not in package-lock.json and does not name its platform`);
  }
  return { version, cpu, dev, libc, optional: true, os: anywhere ? undefined : os };
}
