import type { Config } from "../../config.ts";
import { badInput } from "../../errors.ts";
import { allowMoreIn } from "./build-error.ts";

const longestRepo = 2000;
const longestBranch = 250;

const ownerAndRepo = /^(?![.-])[\w.-]+(\/(?![.-])[\w.-]+)+$/;
const hostAndPath = /^[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*(\.[A-Za-z0-9-]+|:\d+)\/[\w.~-]+\/[\w./~-]+$/;
/** `user@host:path`, as ssh writes it. */
const scpLike = /^(?!-)[\w.-]+@(?![.-])[A-Za-z0-9.-]+:(?![-:/\\])[\w./~-]+$/;

type GitConfig = Pick<Config["git"], "baseUrl" | "protocols" | "hosts">;

/**
 * Where git finds the repository of a space agent: `Owner/repo` below the configured base, `host/owner/repo` by
 * https, or a URL, also as ssh writes it (`git@host:owner/repo`).
 *
 * @throws BAD_USER_INPUT for anything else, for a protocol or a host that is not permitted, and for a URL with a
 *   password, which everybody who may see the agent would see. Below the base every host is permitted: the operator's.
 */
export function repositoryUrl(git: GitConfig, repo: string): string {
  if (repo.length > longestRepo || !/^[\x21-\x7e]+$/.test(repo) || repo.split("/").includes("..")) throw noRepository();
  if (repo.includes("://")) return checkHost(git, checkProtocol(git, checkUrl(repo)));
  if (scpLike.test(repo)) return checkHost(git, checkProtocol(git, repo, "ssh"), `ssh://${repo.split(":")[0]}`);
  if (hostAndPath.test(repo)) return checkHost(git, checkProtocol(git, `https://${repo}`));
  if (ownerAndRepo.test(repo)) return checkProtocol(git, git.baseUrl + repo);
  throw noRepository();
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || url.search || url.hash || url.pathname.length < 2 || url.pathname.startsWith("/-")) throw noRepository();
  const isFile = url.protocol === "file:";
  if (isFile ? url.host !== "" : !/^\w+:\/\/(\w|\[)/.test(text) || !/^[A-Za-z0-9[]/.test(url.hostname))
    throw noRepository();
  const mayNameUser = url.protocol === "ssh:" && /^(?!-)[\w.-]*$/.test(url.username);
  if (url.password || (url.username && !mayNameUser)) {
    throw badInput("sourceRepo", `"sourceRepo" must not contain a password or a token`);
  }
  return url.href;
}

function checkProtocol({ protocols }: GitConfig, url: string, named?: string): string {
  const protocol = named ?? url.slice(0, url.indexOf(":"));
  if (protocols.includes(protocol)) return url;
  const rule = `"sourceRepo" must be reached by one of ${protocols.join(", ")}, not by ${protocol}`;
  throw badInput("sourceRepo", `${rule}; ${allowMoreIn("RAWORC_GIT_PROTOCOLS")}`);
}

/** `named` is the URL in the only form in which its host can be read. */
function checkHost({ hosts }: GitConfig, url: string, named = url): string {
  if (hosts === null || hosts.includes(new URL(named).hostname.toLowerCase())) return url;
  const rule = `"sourceRepo" must be on one of ${hosts.join(", ")}`;
  throw badInput("sourceRepo", `${rule}; ${allowMoreIn("RAWORC_GIT_HOSTS")}`);
}

const noRepository = () =>
  badInput(
    "sourceRepo",
    `"sourceRepo" must be Owner/repo, host/owner/repo or a URL of a git repository, without ".." and blanks`,
  );

/** Checks the name of a branch or tag by the rules of git's `check-ref-format`. @throws BAD_USER_INPUT */
export function checkBranch(branch: string): void {
  if (branch.length <= longestBranch && isRefName(branch)) return;
  throw badInput("sourceBranch", `"sourceBranch" must be the name of a branch or tag, as git permits it`);
}

const isRefName = (name: string) =>
  name !== "" &&
  name !== "@" &&
  !/^[-/]|[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|[./]$/u.test(name) &&
  name.isWellFormed() &&
  name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));

/** Takes what may be a credential out of words that somebody will read. */
export const withoutCredentials = (text: string) => text.replace(/\/\/[^/\s]*@/g, "//***@");
