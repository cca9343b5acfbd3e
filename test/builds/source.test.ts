import { describe, expect, test } from "vitest";
import { checkBranch, repositoryUrl, withoutCredentials } from "../../src/domain/builds/source.ts";

const usual = { baseUrl: "https://github.com/", protocols: ["https", "ssh"], hosts: null };
const all = { ...usual, protocols: ["https", "ssh", "http", "git", "file"] };
const refused = (field: string, message: RegExp): unknown =>
  expect.objectContaining({ code: "BAD_USER_INPUT", facts: { field }, message: expect.stringMatching(message) });

describe("the repository of an agent", () => {
  test.each([
    ["Raworc/raworc-agent-python-demo", "https://github.com/Raworc/raworc-agent-python-demo"],
    ["group/sub/repo", "https://github.com/group/sub/repo"],
    ["gitlab.com/owner/repo", "https://gitlab.com/owner/repo"],
    ["git.example.com:8443/owner/repo.git", "https://git.example.com:8443/owner/repo.git"],
    ["https://git.example.com/owner/repo.git", "https://git.example.com/owner/repo.git"],
    ["ssh://git@example.com:2222/owner/repo", "ssh://git@example.com:2222/owner/repo"],
    ["git@github.com:owner/repo.git", "git@github.com:owner/repo.git"],
  ])("%s is fetched from %s", (repo, url) => {
    expect(repositoryUrl(usual, repo)).toBe(url);
  });

  test.each(["http://example.com/owner/repo", "git://example.com/owner/repo", "file:///srv/repo"])(
    "%s is fetched only where its protocol is permitted",
    (repo) => {
      expect(repositoryUrl(all, repo)).toBe(repo);
      const refusal = /must be reached by one of https, ssh, not by .* allow more in RAWORC_GIT_PROTOCOLS/;
      expect(() => repositoryUrl(usual, repo)).toThrow(refused("sourceRepo", refusal));
    },
  );

  test("below a base of its own is fetched from there, by a protocol that is permitted", () => {
    const here = { baseUrl: "file:///srv/git/", protocols: ["file"], hosts: null };
    expect(repositoryUrl(here, "owner/repo")).toBe("file:///srv/git/owner/repo");
    expect(() => repositoryUrl({ ...usual, baseUrl: "http://localhost/" }, "owner/repo")).toThrow(/not by http/);
    expect(() => repositoryUrl({ ...usual, protocols: ["ssh"] }, "github.com/owner/repo")).toThrow(/not by https/);
    expect(() => repositoryUrl({ ...usual, protocols: ["https"] }, "git@github.com:owner/repo")).toThrow(/not by ssh/);
  });

  test.each([
    "",
    "repo",
    "/srv/repo",
    "./repo",
    "../owner/repo",
    "owner/../repo",
    "owner/..",
    "owner/.git",
    "-owner/repo",
    "--upload-pack=touch /tmp/x/repo",
    "owner/-repo",
    "owner/repo name",
    "owner/repo\nx",
    "ext::sh -c touch% /tmp/x",
    "ext::sh",
    "fd::17",
    "https::https://example.com/x",
    "https://",
    "https:///owner/repo",
    "https://-example.com/owner/repo",
    "https://example.com",
    "https://example.com/-x",
    "https://example.com/owner/../../x",
    "https://example.com/owner/repo?x=1",
    "https://example.com/owner/repo#x",
    "ssh://-oProxyCommand=x/owner/repo",
    "ssh://-x@example.com/owner/repo",
    "git@-oProxyCommand=x:owner/repo",
    "-git@example.com:owner/repo",
    "git@example.com:-x",
    "git@example.com::x",
    "file://host/srv/repo",
    "file:///",
    "javascript://x/y",
    "owner\\repo/x",
    `owner/${"x".repeat(2000)}`,
  ])("cannot be %j", (repo) => {
    expect(() => repositoryUrl(all, repo)).toThrow(refused("sourceRepo", /"sourceRepo" must/));
  });

  test.each(["https://user:password@example.com/o/r", "https://token@example.com/o/r", "ssh://git:pw@example.com/o/r"])(
    "names no password or token, as %s does",
    (repo) => {
      expect(() => repositoryUrl(all, repo)).toThrow(refused("sourceRepo", /must not contain a password/));
    },
  );

  test.each(["owner/repo", "git.example.com/o/r", "https://GIT.example.com:8443/o/r", "git@git.example.com:o/r"])(
    "may be %s where git.example.com alone is permitted beside the base",
    (repo) => {
      expect(() => repositoryUrl({ ...all, hosts: ["git.example.com"] }, repo)).not.toThrow();
    },
  );

  test.each([
    "github.com/o/r",
    "https://10.0.0.1/o/r",
    "https://git.example.com.evil.org/o/r",
    "ssh://git.example.com@evil.org/o/r",
    "git@evil.org:o/r",
    "file:///srv/git.example.com",
  ])("cannot be %s there", (repo) => {
    const limited = { ...all, hosts: ["git.example.com"] };
    const refusal = /must be on one of git\.example\.com; .* allow more in RAWORC_GIT_HOSTS/;
    expect(() => repositoryUrl(limited, repo)).toThrow(refused("sourceRepo", refusal));
  });

  test("is shown without credentials, whoever put them into its base", () => {
    const words = "fatal: unable to access 'https://x-token:secret@git.example.com/o/r': 403";
    expect(withoutCredentials(words)).toBe("fatal: unable to access 'https://***@git.example.com/o/r': 403");
    expect(withoutCredentials("at https://user:pass@word@git.example.com/o")).toBe("at https://***@git.example.com/o");
  });
});

describe("the branch or tag of an agent", () => {
  test.each(["main", "v1.2.3", "feature/one-two", "user@home", "ünïcode", "a".repeat(250), "refs-x"])(
    "can be %j",
    (branch) => {
      expect(() => checkBranch(branch)).not.toThrow();
    },
  );

  test.each([
    "",
    "-b",
    "--upload-pack=x",
    "/main",
    "main/",
    "main.",
    "a..b",
    "a//b",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a b",
    "a\tb",
    "a\u007fb",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "a[b",
    "a\\b",
    "a@{1}",
    "@",
    "\ud800",
    "a".repeat(251),
  ])("cannot be %j", (branch) => {
    expect(() => checkBranch(branch)).toThrow(refused("sourceBranch", /"sourceBranch" must be/));
  });
});
