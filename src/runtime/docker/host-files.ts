import { execFile } from "node:child_process";
import { access, lstat, readdir, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file of the image: where it stands in it, and the host's file it is a copy of. */
export interface HostFile {
  readonly target: string;
  readonly source: string;
}

/** What the host can give: files to copy, links to make, and the programs it does not have. */
export interface HostFiles {
  readonly files: readonly HostFile[];
  readonly links: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
}

const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

const programs = `
  bash git curl ip iptables-restore ldd ssh jq awk diff find xargs grep sed tar gzip xz unzip less patch ps setsid [ b2sum
  base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dircolors dirname du echo
  env expand expr factor false fmt fold groups head hostname id install join kill link ln logname ls md5sum
  mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink
  realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat
  stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink
  uptime wc which whoami xxd yes
`
  .trim()
  .split(/\s+/);
const gitLinks = ["git-receive-pack", "git-upload-pack", "git-upload-archive"];
const certificates = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/openssl.cnf"];
const skippedInPython =
  /^(test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip|pydoc_data|config-.*|dist-packages)$/;

/** Finds node, bash, git, curl, Python and the usual tools on this host, with every library they load. */
export async function collectHostFiles(): Promise<HostFiles> {
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  const missing: string[] = [];
  for (const name of programs) {
    const source = await findProgram(name);
    if (source === null) missing.push(name);
    else files.set(join("/usr/bin", name), source);
  }
  files.set("/usr/bin/node", await realpath(process.execPath));
  await addShell(files, links);
  await addGit(files, links);
  await addPython(files, missing);
  await addPacketFilter(files);
  for (const path of certificates) if (await exists(path)) files.set(path, path);
  const libraries = await librariesOf([...files.values()]);
  for (const library of libraries) files.set(placeOf(library), library);
  return { files: [...files].map(([target, source]) => ({ target, source })), links, missing };
}

/** `sh` is a file of its own, not a link, so that it works whatever the host's link pointed to. */
async function addShell(files: Map<string, string>, links: Map<string, string>): Promise<void> {
  files.set("/usr/bin/sh", await realpath("/bin/sh"));
  const busybox = await findProgram("busybox");
  if (busybox === null) return;
  files.set("/usr/bin/busybox", busybox);
  const { stdout } = await run(busybox, ["--list"]);
  for (const applet of stdout.split("\n").filter(Boolean)) {
    const path = join("/usr/bin", applet);
    if (!files.has(path)) links.set(path, "busybox");
  }
}

async function addGit(files: Map<string, string>, links: Map<string, string>): Promise<void> {
  if (!files.has("/usr/bin/git")) return;
  const git = await realpath("/usr/bin/git");
  for (const name of gitLinks) links.set(join("/usr/bin", name), "git");
  const core = (await run("/usr/bin/git", ["--exec-path"])).stdout.trim();
  for (const path of await walk(core)) {
    const same = (await realpath(path)) === git || (await isLinkTo(path, "git")) || path === join(core, "git");
    if (same) links.set(path, "/usr/bin/git");
    else files.set(path, await realpath(path));
  }
  const templates = "/usr/share/git-core/templates";
  if (await exists(templates)) for (const path of await walk(templates)) files.set(path, await realpath(path));
}

/** The parts that `iptables-restore` loads by name, for what EGRESS asks of it. */
async function addPacketFilter(files: Map<string, string>): Promise<void> {
  const libraries = (await readdir("/usr/lib")).map((name) => join("/usr/lib", name));
  for (const folder of [...libraries, "/usr/lib", "/usr/lib64"]) {
    for (const part of ["libxt_standard.so", "libipt_REJECT.so"]) {
      const path = join(folder, "xtables", part);
      if (await exists(path)) files.set(path, path);
    }
  }
}

/** The system's Python, never one from a version manager, whose standard library stands elsewhere. */
async function addPython(files: Map<string, string>, missing: string[]): Promise<void> {
  const python = "/usr/bin/python3";
  if (!(await exists(python))) {
    missing.push("python3");
    return;
  }
  const source = await realpath(python);
  files.set(python, source);
  files.set(join("/usr/bin", basename(source)), source);
  const script = "import sysconfig; print(sysconfig.get_path('stdlib')); print(sysconfig.get_path('platstdlib'))";
  const { stdout } = await run(python, ["-I", "-c", script], { env: {} });
  for (const folder of new Set(stdout.trim().split("\n"))) {
    for (const path of await walk(folder, skippedInPython)) files.set(path, await realpath(path));
  }
}

/** Every shared library the programs load, asked of the host's own loader. */
async function librariesOf(sources: readonly string[]): Promise<Set<string>> {
  const candidates = sources.filter((path) => /\/bin\/|\/sbin\/|\.so(\.|$)|git-core\/|\/node$/.test(path));
  const libraries = new Set<string>();
  for (let start = 0; start < candidates.length; start += 100) {
    const text = await lddText(candidates.slice(start, start + 100));
    for (const match of text.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)) if (match[1]) libraries.add(match[1]);
  }
  return libraries;
}

/** `ldd` ends with an error when one of many files is a script; what it printed of the others counts. */
const lddText = (paths: readonly string[]): Promise<string> =>
  new Promise((done) => {
    const options = { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" }, maxBuffer: 16_777_216 };
    execFile("ldd", [...paths], options, (_error, stdout) => done(stdout));
  });

/** The image has `/lib`, `/bin` and so on as links into `/usr`, whatever the host has. */
const placeOf = (path: string) => (/^\/(lib|lib32|lib64|bin|sbin)\//.test(path) ? join("/usr", path) : path);

async function findProgram(name: string): Promise<string | null> {
  for (const folder of folders) if (await exists(join(folder, name))) return await realpath(join(folder, name));
  return null;
}

async function walk(folder: string, skipped?: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped?.test(entry.name)) found.push(...(await walk(path, skipped)));
    } else if (await exists(path)) found.push(path);
  }
  return found;
}

const isLinkTo = async (path: string, name: string) =>
  (await lstat(path)).isSymbolicLink() && resolve(dirname(path), await readlink(path)) === join(dirname(path), name);

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
