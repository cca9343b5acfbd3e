import { describe, expect, test } from "vitest";
import { type Resource, resources, type Verb, verbs } from "../../src/auth/permissions.ts";
import {
  covers,
  decide,
  grantsOfMaker,
  holdsAll,
  isAllowed,
  type Target,
  visibleSpaces,
} from "../../src/auth/policy.ts";
import type { Principal } from "../../src/auth/principal.ts";
import { type Grant, grantsOf, rulesSchema } from "../../src/auth/rules.ts";
import { account, accountAs, grantsOfRole, worker } from "./grants.ts";

const grant = (resource: string, verb: string, space: string | null, more: Partial<Grant> = {}): Grant => ({
  resources: [resource],
  verbs: [verb],
  scope: "space",
  space,
  ...more,
});
const staging: Target = { space: "staging", name: "thing", agentId: "agent-1" };
const nowhere: Target = { space: null, name: "thing" };
const nobody = account([]);

/** What a caller may do with each resource: `+` allow, `-` forbid, `.` hide; in the order of `verbs`. */
function matrix(principal: Principal | null, target: Target) {
  const sign = { allow: "+", forbid: "-", hide: "." } as const;
  const row = (resource: Resource) => verbs.map((verb) => sign[decide(principal, verb, resource, target)]).join("");
  return Object.fromEntries(resources.map((resource) => [resource, row(resource)]));
}

describe("what comes with having made things in a space, as grants,", () => {
  test.each([
    ["agents", ["agents", "responses", "files"]],
    ["sessions", ["sessions", "messages", "files"]],
  ] as const)("is all that whoever made %s may do with them, and nothing elsewhere", (made, ofThem) => {
    const maker = account([], "maker");
    const holder = account(grantsOfMaker(made, "staging"), "holder");
    for (const resource of ofThem) {
      for (const verb of ["get", "list", "create", "update", "delete"] as const) {
        const own = isAllowed(maker, verb, resource, { ...staging, ownerId: "maker" });
        expect([resource, verb, isAllowed(holder, verb, resource, staging)]).toEqual([resource, verb, own]);
        expect(isAllowed(holder, verb, resource, { ...staging, space: "elsewhere" })).toBe(false);
      }
    }
  });
});

describe("who may do what", () => {
  test("is asked in the order get, list, create, update, delete, read-values, egress, report", () => {
    expect(verbs).toEqual(["get", "list", "create", "update", "delete", "read-values", "egress", "report"]);
  });

  test("an administrator may do everything everywhere", () => {
    for (const target of [staging, nowhere]) {
      const all = resources.map((resource) => [resource, "++++++++"]);
      expect(matrix(accountAs("admin", null), target)).toEqual(Object.fromEntries(all));
    }
  });

  test("the role admin bound in one space is everything in that space, and nothing outside of it", () => {
    const principal = accountAs("admin", "staging");
    expect(matrix(principal, staging)).toMatchObject({ agents: "++++++++", secrets: "++++++++", spaces: "++------" });
    expect(matrix(principal, staging)).toMatchObject({
      roles: ".--..--.",
      "service-accounts": ".--..--.",
    });
    expect(matrix(principal, { space: "production" })).toMatchObject({ agents: "........", spaces: ".--..--." });
  });

  test("an operator manages sessions, agents and secrets but does not read secrets' values", () => {
    expect(matrix(accountAs("operator", "staging"), staging)).toEqual({
      agents: "+++++--+",
      responses: "+++++--+",
      builds: "+++++--+",
      files: "+++++--+",
      sessions: "+++++--+",
      messages: "+++++--+",
      spaces: "++------",
      secrets: "+++++--+",
      "service-accounts": ".--..--.",
      operators: ".--..--.",
      roles: ".--..--.",
      "role-bindings": ".--..--.",
    });
  });

  test("a developer deletes nothing and only looks at secrets", () => {
    expect(matrix(accountAs("developer", "staging"), staging)).toMatchObject({
      agents: "++++---+",
      sessions: "++++---+",
      messages: "++++---+",
      secrets: "++------",
      spaces: "++------",
    });
  });

  test("an operator of everywhere sees every space, and makes none", () => {
    expect(matrix(accountAs("operator", null), staging)).toMatchObject({ spaces: "++------", roles: ".--..--." });
  });

  test("somebody without roles, or without a token, learns of nothing", () => {
    for (const resource of ["agents", "sessions", "secrets", "responses", "files", "messages", "builds"] as const) {
      expect(matrix(nobody, staging)[resource]).toBe("........");
      expect(matrix(null, staging)[resource]).toBe("........");
    }
  });

  test("somebody without roles is told that the default space is not theirs, since everybody knows of it", () => {
    expect(decide(nobody, "create", "agents", { space: "default" })).toBe("forbid");
    expect(decide(nobody, "list", "secrets", { space: "default" })).toBe("forbid");
    expect(decide(nobody, "get", "secrets", { space: "default", name: "KEY" })).toBe("hide");
  });

  test("the values of secrets need `read-values` or `*`, also by their names", () => {
    const named = account([grant("secrets", "read-values", "staging", { names: ["thing"] })]);
    expect(isAllowed(named, "read-values", "secrets", staging)).toBe(true);
    expect(isAllowed(named, "read-values", "secrets", { space: "staging" })).toBe(false);
    expect(isAllowed(account([grant("secrets", "*", "staging")]), "read-values", "secrets", staging)).toBe(true);
    expect(isAllowed(accountAs("operator", null), "read-values", "secrets", staging)).toBe(false);
  });

  test("a rule for some names is about these and no others", () => {
    const principal = account([grant("agents", "get", "staging", { names: ["demo"] })]);
    expect(decide(principal, "get", "agents", { space: "staging", name: "demo" })).toBe("allow");
    expect(decide(principal, "delete", "agents", { space: "staging", name: "demo" })).toBe("forbid");
    expect(decide(principal, "get", "agents", { space: "staging", name: "other" })).toBe("hide");
    expect(visibleSpaces(principal, "get", "agents")).toEqual([]);
  });

  test("a rule that names a follower grants the follower only", () => {
    const principal = account([grant("messages", "create", "staging")]);
    expect(isAllowed(principal, "create", "messages", staging)).toBe(true);
    expect(isAllowed(principal, "create", "sessions", staging)).toBe(false);
  });

  test("a rule of the scope `space` reaches nothing outside of spaces, even when bound everywhere", () => {
    const space = account([grant("*", "*", null)]);
    const global = account([grant("*", "*", null, { scope: "global" })]);
    for (const resource of ["service-accounts", "roles", "role-bindings", "operators"] as const) {
      expect(isAllowed(space, "get", resource, nowhere)).toBe(false);
      expect(isAllowed(global, "get", resource, nowhere)).toBe(true);
    }
    expect([holdsAll(space), holdsAll(global)]).toEqual([false, true]);
  });

  test("only administrators make, change and delete spaces, whatever a rule says", () => {
    const principal = account([grant("spaces", "*", null, { scope: "global" })]);
    expect(matrix(principal, staging)).toMatchObject({ spaces: "++------" });
  });
});

describe("who made an agent or a session", () => {
  const own: Target = { ...staging, ownerId: nobody.id };

  test("may do all with it and what belongs to it, without any role", () => {
    for (const resource of ["agents", "sessions"] as const) expect(matrix(nobody, own)[resource]).toBe("+..++..+");
    for (const resource of ["responses", "messages", "files"] as const) {
      expect(matrix(nobody, own)[resource]?.slice(0, 5)).toBe("+++++");
    }
  });

  test("may not open its network without the permission for that", () => {
    expect(isAllowed(nobody, "egress", "agents", own)).toBe(false);
    expect(isAllowed(account([grant("agents", "egress", "staging")]), "egress", "agents", own)).toBe(true);
  });

  test("gets nothing else by being its maker", () => {
    for (const resource of ["secrets", "spaces", "builds", "roles", "service-accounts"] as const) {
      for (const verb of verbs) expect(isAllowed(nobody, verb, resource, own)).toBe(false);
    }
  });
});

describe("a published agent", () => {
  const published: Target = { ...staging, published: true };

  test("can be read by anybody, and changed by nobody who could not before", () => {
    expect(matrix(nobody, published)["agents"]).toBe("+..--..-");
    expect(decide(null, "get", "agents", published)).toBe("allow");
    expect(decide(null, "update", "agents", published)).toBe("forbid");
  });

  test("shows strangers neither its responses nor its files", () => {
    for (const resource of ["responses", "files"] as const) {
      expect(decide(nobody, "get", resource, published)).toBe("hide");
      expect(decide(nobody, "list", resource, published)).toBe("forbid");
      expect(decide(nobody, "create", resource, published)).toBe("forbid");
    }
  });

  test("may as well be looked at by another agent's worker", () => {
    expect(decide(worker, "get", "agents", { ...published, agentId: "agent-2" })).toBe("allow");
  });
});

describe("an external worker", () => {
  const may: readonly (readonly [Verb, Resource])[] = [
    ["get", "responses"],
    ["list", "responses"],
    ["update", "responses"],
    ["report", "agents"],
  ];

  test("reads, appends to and finishes its agent's responses and says busy or idle; everything else is hidden", () => {
    for (const resource of resources) {
      for (const verb of verbs) {
        const expected = may.some(([v, r]) => v === verb && r === resource) ? "allow" : "hide";
        expect([resource, verb, decide(worker, verb, resource, { ...staging, ownerId: "account-1" })]).toEqual([
          resource,
          verb,
          expected,
        ]);
      }
    }
  });

  test("can do nothing with another agent, nor with things that belong to none", () => {
    for (const target of [{ ...staging, agentId: "agent-2" }, { space: "staging" }, { space: "default" }]) {
      for (const resource of resources) {
        for (const verb of verbs) expect(decide(worker, verb, resource, target)).toBe("hide");
      }
    }
  });
});

describe("lists", () => {
  test("show what the caller may list, space by space", () => {
    const two = account([...grantsOfRole("developer", "staging"), ...grantsOfRole("operator", "production")]);
    expect(visibleSpaces(two, "list", "secrets")).toEqual(["staging", "production"]);
    expect(visibleSpaces(two, "delete", "secrets")).toEqual(["production"]);
    expect(visibleSpaces(two, "list", "roles")).toEqual([]);
    expect(visibleSpaces(accountAs("developer", null), "list", "agents")).toBe("all");
    expect(visibleSpaces(accountAs("developer", null), "list", "spaces")).toEqual([]);
    expect(visibleSpaces(accountAs("admin", null), "list", "roles")).toBe("all");
    expect(visibleSpaces(worker, "list", "agents")).toEqual([]);
    expect(visibleSpaces(null, "list", "agents")).toEqual([]);
  });

  test("of spaces show those the caller has a binding in", () => {
    expect(visibleSpaces(accountAs("developer", "staging"), "list", "spaces")).toEqual(["staging"]);
    expect(visibleSpaces({ ...nobody, spaces: ["staging"] }, "list", "spaces")).toEqual(["staging"]);
    expect(visibleSpaces(accountAs("operator", null), "list", "spaces")).toBe("all");
  });
});

describe("nobody grants what they do not hold", () => {
  const rules = (...all: object[]) => rulesSchema.parse(all);
  const readSecrets = rules({ resources: ["secrets"], verbs: ["read"] });

  test("an operator gives away parts of the role, where it is held", () => {
    const operator = accountAs("operator", "staging");
    expect(covers(operator, readSecrets, "staging")).toBe(true);
    expect(covers(operator, readSecrets, "production")).toBe(false);
    expect(covers(operator, readSecrets, null)).toBe(false);
    expect(covers(operator, rules({ resources: ["secrets"], verbs: ["read", "read-values"] }), "staging")).toBe(false);
    expect(covers(operator, rules({ resources: ["messages", "responses"], verbs: ["list"] }), "staging")).toBe(true);
  });

  test("a wildcard is held only by a wildcard", () => {
    const everything = rules({ resources: ["*"], verbs: ["*"] });
    expect(covers(accountAs("admin", null), everything, null)).toBe(true);
    expect(covers(accountAs("admin", "staging"), everything, "staging")).toBe(true);
    expect(covers(accountAs("admin", "staging"), everything, null)).toBe(false);
    expect(covers(account([grant("*", "*", null)]), everything, null)).toBe(false);
    const every = [grant("secrets", "get", null), grant("secrets", "list", null), grant("secrets", "delete", null)];
    expect(covers(account(every), rules({ resources: ["secrets"], verbs: ["*"] }), null)).toBe(false);
  });

  test("a rule for some names covers these names only", () => {
    const principal = account([grant("secrets", "get", "staging", { names: ["a", "b"] })]);
    expect(covers(principal, rules({ resources: ["secrets"], verbs: ["get"], resourceNames: ["a"] }), "staging")).toBe(
      true,
    );
    expect(covers(principal, rules({ resources: ["secrets"], verbs: ["get"], resourceNames: ["c"] }), "staging")).toBe(
      false,
    );
    expect(covers(principal, readSecrets, "staging")).toBe(false);
  });

  test("a worker and a caller without a token can give nothing", () => {
    expect(covers(worker, readSecrets, "staging")).toBe(false);
    expect(covers(null, readSecrets, null)).toBe(false);
  });
});

describe("rules", () => {
  test("say `read` and mean `get`", () => {
    expect(grantsOf(rulesSchema.parse([{ resources: ["agents"], verbs: ["read"] }]), null)[0]?.verbs).toEqual(["get"]);
  });

  test("without a scope are global when they name what lives in no space", () => {
    const scopes = [["sessions", "messages"], ["roles"], ["*"], ["sessions", "spaces"]].map(
      (named) => rulesSchema.parse([{ apiGroups: [""], resources: named, verbs: ["get"] }])[0]?.scope,
    );
    expect(scopes).toEqual(["space", "global", "global", "global"]);
  });

  test.each([[{ verbs: ["get"] }], [{ resources: [], verbs: ["get"] }], [{ resources: ["a"], verbs: "get" }]])(
    "without resources or verbs are refused: %j",
    (rule) => {
      expect(rulesSchema.safeParse([rule]).success).toBe(false);
    },
  );
});
