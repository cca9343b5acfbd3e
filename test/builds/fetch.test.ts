import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { type Fetch, fetchSource } from "../../src/domain/builds/fetch-source.ts";
import { plantPackBomb } from "./pack-bomb.ts";
import { makeRepositories } from "./repository.ts";

const repositories = makeRepositories();
const folder = mkdtempSync(join(tmpdir(), "raworc-fetch-"));
afterAll(() => {
  repositories.remove();
  rmSync(folder, { recursive: true, force: true });
});

const tooLargeForIt = "The repository is larger than 1 MB; the gateway's operator can allow more in RAWORC_GIT_MAX_MB";
const config = { baseUrl: repositories.baseUrl, protocols: ["file"], maxBytes: 1_048_576, hosts: null };
let fetches = 0;
async function fetch(sourceRepo: string, changes: Partial<Fetch & Config["git"]> = {}) {
  const target = join(folder, String((fetches += 1)));
  const { baseUrl, protocols, maxBytes, hosts, ...rest } = { ...config, ...changes };
  const order = { sourceRepo, sourceBranch: "main", folder: target, signal: new AbortController().signal, ...rest };
  const found = await fetchSource({ baseUrl, protocols, maxBytes, hosts }, order);
  return { ...found, folder: target, names: (await readdir(target)).toSorted() };
}

describe("fetching a repository", () => {
  test("brings the newest commit of a branch, without git's own folder", async () => {
    repositories.commit("o/whole", { "main.py": "one", "lib/deep.txt": "deep" });
    const commit = repositories.commit("o/whole", { "main.py": "two" });
    const fetched = await fetch("o/whole");
    expect(fetched).toMatchObject({ commit, submodules: [], names: ["lib", "main.py"] });
    expect(await readFile(join(fetched.folder, "main.py"), "utf8")).toBe("two");
    expect(existsSync(`${fetched.folder}.home`)).toBe(false);
  });

  test("brings another branch, or a tag", async () => {
    const tagged = repositories.commit("o/tagged", { "main.py": "one" });
    repositories.git("o/tagged", "tag", "v1");
    repositories.commit("o/tagged", { "main.py": "two" });
    repositories.git("o/tagged", "branch", "feature/x", "v1");
    expect((await fetch("o/tagged", { sourceBranch: "v1" })).commit).toBe(tagged);
    expect((await fetch("o/tagged", { sourceBranch: "feature/x" })).commit).toBe(tagged);
  });

  test("says what is missing: the repository, the branch, or git itself", async () => {
    repositories.commit("o/there", { "main.py": "" });
    await expect(fetch("o/missing")).rejects.toThrow(/o\/missing.* does not appear to be a git repository/);
    await expect(fetch("o/there", { sourceBranch: "absent" })).rejects.toThrow(/Remote branch absent not found/);
    await expect(fetch("o/there", { searchPath: "/nowhere" })).rejects.toThrow(/git is not installed/);
  });

  test("keeps to the protocols that are permitted, also where the repository leads elsewhere", async () => {
    repositories.commit("o/plain", { "main.py": "" });
    const order = fetch(`${repositories.baseUrl}o/plain`, { protocols: ["https"] });
    await expect(order).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("leaves submodules out and names them", async () => {
    repositories.commit("o/inner", { "secret.txt": "inner" });
    repositories.commit("o/outer", { "main.py": "" });
    const inner = join(repositories.folder, "o/inner");
    repositories.git("o/outer", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "sub");
    repositories.commit("o/outer", {});
    const { submodules, folder: target } = await fetch("o/outer");
    expect(submodules).toEqual(["sub"]);
    expect(await readdir(join(target, "sub"))).toEqual([]);
  });

  test("keeps links within the repository", async () => {
    repositories.commit("o/links", { "lib/real.txt": "real", "link.txt": "-> lib/real.txt", "lib/up": "-> .." });
    const { folder: target } = await fetch("o/links");
    expect((await lstat(join(target, "link.txt"))).isSymbolicLink()).toBe(true);
  });

  test.each([
    ["an absolute path", { link: "-> /etc/passwd" }],
    ["a folder above", { link: "-> ../../x" }],
    ["a folder above, by way of other links", { d: "-> .", "l/x": "", link: "-> d/d/d/../../../../etc" }],
    ["git's own folder", { link: "-> .git/config" }],
    ["nothing", { link: "-> absent" }],
  ])("refuses a link to %s", async (what, files) => {
    const repo = `o/bad-${what.replace(/\W/g, "-")}`;
    repositories.commit(repo, files);
    await expect(fetch(repo)).rejects.toThrow(/link "link" does not lead to anything in the repository/);
  });

  test("refuses one whose files are too large, before any of them is written", async () => {
    const zeros = "0".repeat(400_000);
    repositories.commit("o/bomb", Object.fromEntries([1, 2, 3, 4].map((each) => [`zeros-${each}`, zeros])));
    await expect(fetch("o/bomb")).rejects.toThrow(tooLargeForIt);
    expect(existsSync(join(folder, String(fetches), "zeros-1"))).toBe(false);
  });

  test("refuses one that is too large on its way, though its files are small", async () => {
    repositories.commit("o/wordy", { "main.py": "" });
    const tree = repositories.git("o/wordy", "rev-parse", "HEAD^{tree}").trim();
    const input = randomBytes(2_000_000).toString("base64");
    const words = ["-C", join(repositories.folder, "o/wordy"), "-c", "user.name=a", "-c", "user.email=a@b"];
    const commit = execFileSync("git", [...words, "commit-tree", tree], { input })
      .toString()
      .trim();
    repositories.git("o/wordy", "update-ref", "refs/heads/main", commit);
    await expect(fetch("o/wordy")).rejects.toThrow(tooLargeForIt);
    expect((await fetch("o/wordy", { maxBytes: 8_388_608 })).commit).toBe(commit);
  });

  test("refuses one with too many files, whatever their size", { timeout: 30_000 }, async () => {
    repositories.commit("o/many", { "a/x": "" });
    // The same folder again and again: a tree of 30,000 entries made of three objects.
    const tree = (entries: string) =>
      execFileSync("git", ["-C", join(repositories.folder, "o/many"), "mktree"], { input: entries })
        .toString()
        .trim();
    const blob = repositories.git("o/many", "rev-parse", "HEAD:a/x").trim();
    const many = (line: (at: number) => string) => Array.from({ length: 175 }, (_, at) => line(at)).join("\n");
    const low = tree(`${many((at) => `100644 blob ${blob}\tf${at}`)}\n`);
    const high = tree(`${many((at) => `040000 tree ${low}\td${at}`)}\n`);
    const commit = repositories.git("o/many", "commit-tree", "-m", "many", high).trim();
    repositories.git("o/many", "update-ref", "refs/heads/main", commit);
    await expect(fetch("o/many")).rejects.toThrow("The repository has more than 20000 files and folders");
  });

  /** Makes a repository's newest commit hold this tree, which git itself would not have made. */
  const plant = (repo: string, tree: string) => {
    const commit = repositories.git(repo, "commit-tree", "-m", "planted", tree).trim();
    repositories.git(repo, "update-ref", "refs/heads/main", commit);
  };
  const object = (repo: string, type: string, input: Buffer | string) =>
    execFileSync(
      "git",
      ["-C", join(repositories.folder, repo), "hash-object", "-t", type, "-w", "--literally", "--stdin"],
      { input },
    )
      .toString()
      .trim();
  const entry = (mode: string, name: Buffer | string, id: string) =>
    Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(id, "hex")]);

  test("refuses one with too many folders, though there is no file in them", { timeout: 30_000 }, async () => {
    repositories.commit("o/folders", { x: "" });
    let tree = object("o/folders", "tree", "");
    for (let level = 0; level < 5; level += 1) {
      const below = tree;
      const entries = Array.from({ length: 40 }, (_, at) => entry("40000", `d${at + 10}`, below));
      tree = object("o/folders", "tree", Buffer.concat(entries));
    }
    plant("o/folders", tree);
    await expect(fetch("o/folders")).rejects.toThrow("The repository has more than 20000 files and folders");
  });

  test("refuses one with a path that no file system takes, without reading it to its end", async () => {
    repositories.commit("o/long", { x: "" });
    const name = Buffer.alloc(20_000_000, "a");
    plant("o/long", object("o/long", "tree", entry("100644", name, object("o/long", "blob", ""))));
    await expect(fetch("o/long", { maxBytes: 209_715_200 })).rejects.toThrow(/path .*longer than 4096 bytes/);
  });

  test("refuses one with names that are no text, in words for those who wrote it", async () => {
    repositories.commit("o/bytes", { x: "" });
    const name = Buffer.from([0x66, 0xff, 0xfe]);
    plant("o/bytes", object("o/bytes", "tree", entry("100644", name, object("o/bytes", "blob", "x"))));
    await expect(fetch("o/bytes")).rejects.toThrow(/name .*UTF-8/);
  });

  test.skipIf(process.platform !== "linux")("refuses one that would take memory without limit", async () => {
    repositories.commit("o/memory", { x: "" });
    const commit = plantPackBomb(join(repositories.folder, "o/memory/.git"), 100);
    repositories.git("o/memory", "update-ref", "refs/heads/main", commit);
    await expect(fetch("o/memory")).rejects.toThrow("To unpack the repository takes more memory than is permitted");
  });

  test("runs nothing of the repository and reads nothing of this machine's settings", async () => {
    const mark = join(folder, "ran");
    repositories.commit("o/hooks", { ".gitattributes": "* filter=evil", "main.py": "x" });
    for (const name of ["post-checkout", "post-upload-pack", "pre-receive"]) {
      writeFileSync(join(repositories.folder, "o/hooks/.git/hooks", name), `#!/bin/sh\ntouch ${mark}\n`, {
        mode: 0o755,
      });
    }
    repositories.git("o/hooks", "config", "filter.evil.smudge", `touch ${mark}; cat`);
    repositories.git("o/hooks", "config", "uploadpack.packObjectsHook", `touch ${mark}; git`);
    await fetch("o/hooks");
    expect(existsSync(mark)).toBe(false);
  });

  test("ends at once when it is told to", async () => {
    repositories.commit("o/slow", { "main.py": "" });
    const order = new AbortController();
    order.abort(new Error("no longer wanted"));
    await expect(fetch("o/slow", { signal: order.signal })).rejects.toThrow("no longer wanted");
  });
});

describe("fetching by HTTP", () => {
  const exec = execFileSync("git", ["--exec-path"]).toString().trim();
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "", "http://x");
    seen.push(`${request.headers.authorization ?? "nobody"} ${pathname}`);
    if (pathname.startsWith("/private/")) return response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
    if (pathname.startsWith("/silent/")) return undefined;
    if (pathname.startsWith("/elsewhere/")) {
      const location = `http://127.0.0.1:${port}${pathname.replace("/elsewhere/", "/base/web/")}${search}`;
      return response.writeHead(302, { location }).end();
    }
    if (pathname.startsWith("/away/"))
      return response.writeHead(302, { location: `https://127.0.0.1:1${pathname}${search}` }).end();
    const backend = execFileSync(join(exec, "git-http-backend"), {
      env: {
        PATH: process.env["PATH"],
        GIT_PROJECT_ROOT: repositories.folder,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: pathname.replace("/base", ""),
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method,
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
        ...(request.headers["content-type"] ? { CONTENT_TYPE: request.headers["content-type"] } : {}),
      },
      input: body.get(request) ?? "",
      stdio: ["pipe", "pipe", "ignore"],
      maxBuffer: 64 * 1_048_576,
    });
    const end = backend.indexOf("\r\n\r\n");
    const headers = Object.fromEntries(
      backend
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((line) => line.split(": ") as [string, string]),
    );
    return response.writeHead(Number(headers["Status"]?.slice(0, 3) ?? 200), headers).end(backend.subarray(end + 4));
  });
  const body = new WeakMap<object, Buffer>();
  const listeners = server.listeners("request") as ((...args: unknown[]) => void)[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      body.set(request, Buffer.concat(pieces));
      for (const listener of listeners) listener(request, response);
    });
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const web = (credentials = "") => ({ baseUrl: `http://${credentials}127.0.0.1:${port}/base/`, protocols: ["http"] });

  test("works as by file, with the credentials of the base alone", async () => {
    const commit = repositories.commit("web/agent", { "main.py": "web" });
    expect(await fetch("web/agent", web("user:hidden@"))).toMatchObject({ commit, names: ["main.py"] });
  });

  test("asks nobody for a password", async () => {
    const order = fetch(`http://127.0.0.1:${port}/private/agent`, web());
    await expect(order).rejects.toThrow(/terminal prompts disabled/);
  });

  test("shows no credentials when it fails", async () => {
    const error: unknown = await fetch("o/absent", web("user:hidden@")).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain("hidden");
    expect(String(error)).toMatch(/repository .*\/base\/o\/absent.* not found/);
  });

  test("is not led to another protocol", async () => {
    const order = fetch(`http://127.0.0.1:${port}/away/agent`, web());
    await expect(order).rejects.toThrow(/not allowed|not supported or disabled/);
  });

  test("is led elsewhere only where every host is permitted", async () => {
    const commit = repositories.commit("web/moved", { "main.py": "web" });
    const url = `http://127.0.0.1:${port}/elsewhere/moved`;
    expect(await fetch(url, web())).toMatchObject({ commit });
    await expect(fetch(url, { ...web(), hosts: ["127.0.0.1"] })).rejects.toThrow(/redirect|302/);
  });

  test("ends with all of its processes when it is told to", async () => {
    const order = new AbortController();
    const url = `http://127.0.0.1:${port}/silent/agent`;
    const fetching = fetch(url, { ...web(), signal: order.signal });
    await expect.poll(() => seen.some((line) => line.includes("/silent/"))).toBe(true);
    order.abort(new Error("no longer wanted"));
    await expect(fetching).rejects.toThrow("no longer wanted");
    expect(execFileSync("ps", ["-eo", "args"]).toString()).not.toContain(`git-remote-http origin ${url}`);
  });
});
