import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resources, spaceless, verbs } from "../../src/auth/permissions.ts";
import { coversGrants, decide, holdsAll, isAllowed, visibleSpaces } from "../../src/auth/policy.ts";
import type { AccountPrincipal } from "../../src/auth/principal.ts";
import {
  account,
  anyGrant,
  anyGrants,
  anyPartOfGrant,
  anyResource,
  anySpace,
  anyTarget,
  anyVerb,
  worker,
} from "./grants.ts";

/** Everything that can be asked, but whether a space may be seen. */
const asks = resources.flatMap((resource) =>
  resource === "spaces" ? [] : verbs.map((verb) => [verb, resource] as const),
);
const runs = { numRuns: 2000 };

describe("for every set of grants", () => {
  test("another grant never takes anything away", () => {
    const strictness = { hide: 0, forbid: 1, allow: 2 } as const;
    fc.assert(
      fc.property(anyGrants, anyGrant, anyVerb, anyResource, anyTarget, (grants, more, verb, resource, target) => {
        const before = decide(account(grants), verb, resource, target);
        const after = decide(account([...grants, more]), verb, resource, target);
        expect(strictness[after]).toBeGreaterThanOrEqual(strictness[before]);
      }),
      runs,
    );
  });

  test("without a grant only one's own and what is published is allowed", () => {
    fc.assert(
      fc.property(anyVerb, anyResource, anyTarget, (verb, resource, target) => {
        const mayBe = target.ownerId === "account-1" || (target.published === true && verb === "get");
        expect(isAllowed(account([]), verb, resource, target) && !mayBe).toBe(false);
      }),
      runs,
    );
  });

  test("what is granted in one space makes no difference in another, nor outside of spaces", () => {
    fc.assert(
      fc.property(anyGrants, anyVerb, anyResource, anyTarget, (grants, verb, resource, target) => {
        const elsewhere = grants.map((grant) => ({ ...grant, space: "elsewhere" }));
        const with_ = decide(account(elsewhere), verb, resource, target);
        expect(with_).toBe(decide(account([]), verb, resource, target));
      }),
      runs,
    );
  });

  test("what its reader may not see is not forbidden but hidden", () => {
    fc.assert(
      fc.property(anyGrants, anyResource, anyTarget, (grants, resource, target) => {
        const decisions = new Set(
          (["get", "update", "delete", "report"] as const).map((verb) =>
            decide(account(grants), verb, resource, target),
          ),
        );
        expect(decisions.has("forbid") && decisions.has("hide")).toBe(false);
      }),
      runs,
    );
  });

  test("a list shows a space exactly when its nameless things may be listed", () => {
    const anyListed = fc.constantFrom(...resources.filter((resource) => !spaceless.has(resource)));
    fc.assert(
      fc.property(anyGrants, anyListed, fc.constantFrom("default", "staging"), (grants, resource, space) => {
        const shown = visibleSpaces(account(grants), "list", resource);
        expect(shown === "all" || shown.includes(space)).toBe(isAllowed(account(grants), "list", resource, { space }));
      }),
      runs,
    );
  });

  test("who can give something away may do it too; only the sight of the space comes with every binding in it", () => {
    fc.assert(
      fc.property(anyGrant, anyPartOfGrant, anyTarget, (held, change, target) => {
        const wanted = { ...held, ...change };
        const [giver, receiver] = [account([held], "giver"), account([wanted], "receiver")];
        fc.pre(coversGrants(giver, [wanted]));
        const may = (who: AccountPrincipal) =>
          asks.filter(([verb, resource]) => isAllowed(who, verb, resource, target));
        expect(may(giver)).toEqual(expect.arrayContaining(may(receiver)));
      }),
      { numRuns: 300 },
    );
  });

  test("an administrator covers all, and everybody covers what they hold", () => {
    fc.assert(
      fc.property(anyGrants, (grants) => {
        const admin = account([{ resources: ["*"], verbs: ["*"], scope: "global", space: null }]);
        expect([holdsAll(admin), coversGrants(admin, grants)]).toEqual([true, true]);
        expect(coversGrants(account(grants), grants)).toBe(true);
      }),
      runs,
    );
  });

  test("a worker is allowed nothing of an agent that is not its own", () => {
    fc.assert(
      fc.property(anyVerb, anyResource, anyTarget, anySpace, (verb, resource, target, space) => {
        const other = { ...target, space, agentId: "agent-2", published: false };
        expect(decide(worker, verb, resource, other)).toBe("hide");
      }),
      runs,
    );
  });
});
