import { execFile } from "node:child_process";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Logger } from "pino";
import { unavailable } from "../../errors.ts";
import type { ContainerSpec } from "../runtime.ts";
import { agentFolder, imageFolder } from "../paths.ts";

/** What a command may see beside the system. */
export interface Sight {
  readonly volumeFolder: string;
  readonly network: ContainerSpec["network"];
  /** The folder of the image; writable only while it is made. */
  readonly image?: ImageSight | null;
}

export interface ImageSight {
  readonly folder: string;
  readonly isWritable: boolean;
}

/** Bubblewrap, where it is installed and allowed: a read-only system, a volume, and nothing else. */
export interface Sandbox {
  readonly version: string;
  /** The words that go before a command's own. */
  wrap(sight: Sight): readonly string[];
}

const places = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"];
const systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix"];
/** Of `/etc` only what programs need to run, resolve names and trust certificates. */
const systemFiles = [
  "alternatives",
  "bash.bashrc",
  "ca-certificates",
  "hosts",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "pki",
  "profile",
  "resolv.conf",
  "ssl",
  "timezone",
].map((name) => `/etc/${name}`);

/** The same account as in containers; outside it is whoever runs the gateway. */
const accounts = { passwd: `agent:x:1000:1000::${agentFolder}:/bin/sh\n`, group: "agent:x:1000:\n" };

const words = (text: string) => text.split(" ");
const isolation = words(
  "--unshare-user --uid 1000 --gid 1000 --cap-drop ALL --unshare-pid --unshare-ipc --unshare-uts " +
    "--unshare-cgroup-try --hostname agent --die-with-parent --new-session",
);
const ownPlaces = words("--proc /proc --dev /dev --tmpfs /tmp");

/** Finds bubblewrap and tries it once; `null` when it is missing or the kernel refuses it. */
export async function findSandbox(dataDir: string, log: Logger): Promise<Sandbox | null> {
  await writeAccounts(join(dataDir, "sandbox")).catch((error: unknown) => {
    throw unavailable("The data folder cannot be written", error);
  });
  for (const program of places) {
    const sandbox = await access(program).then(
      () => tryOut(program, dataDir, log),
      () => null,
    );
    if (sandbox) return sandbox;
  }
  return null;
}

async function writeAccounts(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(accounts)) await writeFile(join(folder, name), content);
}

async function tryOut(program: string, dataDir: string, log: Logger): Promise<Sandbox | null> {
  const run = promisify(execFile);
  const wrap = (sight: Sight) => [program, ...argumentsFor(dataDir, sight)];
  const [, ...trial] = wrap({ volumeFolder: join(dataDir, "sandbox"), network: "NONE" });
  try {
    await run(program, [...trial, "true"], { timeout: 5_000, env: {} });
    const { stdout } = await run(program, ["--version"], { timeout: 5_000, env: {} });
    return { version: stdout.trim(), wrap };
  } catch (error) {
    log.warn({ err: error, program }, "bubblewrap is installed but does not work here; computers are plain processes");
    return null;
  }
}

function argumentsFor(dataDir: string, { volumeFolder, network, image }: Sight): readonly string[] {
  const readable = [...systemFolders, ...systemFiles].flatMap((path) => ["--ro-bind-try", path, path]);
  const account = Object.keys(accounts).flatMap((name) => [
    "--ro-bind",
    join(dataDir, "sandbox", name),
    `/etc/${name}`,
  ]);
  // A data folder below a system folder would show every volume and the gateway's keys.
  const isShown = systemFolders.some((path) => dataDir.startsWith(`${path}/`));
  return [
    ...isolation,
    ...(network === "NONE" ? ["--unshare-net"] : []),
    ...readable,
    ...account,
    ...(isShown ? ["--tmpfs", dataDir] : []),
    ...ownPlaces,
    "--bind",
    volumeFolder,
    agentFolder,
    ...(image ? [image.isWritable ? "--bind" : "--ro-bind", image.folder, imageFolder] : []),
    "--chdir",
    agentFolder,
    "--",
  ];
}
