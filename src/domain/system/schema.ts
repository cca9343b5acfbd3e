import { isResource, isVerb, verbNamed } from "../../auth/permissions.ts";
import { isAllowed } from "../../auth/policy.ts";
import { type ErrorCode, badInput, httpStatusByCode } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { type Check, checkHealth, type Health } from "./health.ts";
import { version } from "./version.ts";

builder.enumType("ErrorCode", {
  description: "Every value that `extensions.code` of an error can have.",
  values: Object.keys(httpStatusByCode) as ErrorCode[],
});

const Version = builder.objectRef<typeof version>("Version").implement({
  description: "What answers.",
  fields: (t) => ({
    version: t.exposeString("version", { description: "Semantic version of the server." }),
    api: t.exposeString("api", { description: "The namespace of the REST API." }),
  }),
});

const HealthCheck = builder.objectRef<Check>("HealthCheck").implement({
  description: "Whether one part answers.",
  fields: (t) => ({
    name: t.exposeString("name"),
    ok: t.exposeBoolean("ok"),
    message: t.exposeString("message"),
  }),
});

const HealthType = builder.objectRef<Health>("Health").implement({
  description: "Whether database and container engine answer.",
  fields: (t) => ({
    ok: t.exposeBoolean("ok"),
    checks: t.field({ type: [HealthCheck], resolve: ({ checks }) => checks }),
  }),
});

builder.queryFields((t) => ({
  version: t.field({
    type: Version,
    extensions: { isPublic: true },
    description: "The version of the gateway.",
    resolve: () => version,
  }),
  health: t.field({
    type: HealthType,
    extensions: { isPublic: true },
    complexity: 100,
    description: "Asks database and container engine whether they answer.",
    resolve: (_root, _args, { gateway }) => checkHealth(gateway),
  }),
  can: t.boolean({
    description: "Whether the caller may do this with the things of a space, or with all when none is named.",
    args: {
      verb: t.arg.string({ required: true, description: "get, list, create, update, delete, read-values, egress" }),
      resource: t.arg.string({ required: true, description: "agents, sessions, secrets, …" }),
      space: t.arg.id(),
    },
    resolve: (_root, { verb: word, resource, space }, { principal }) => {
      const verb = verbNamed(word);
      if (!isVerb(verb)) throw badInput("verb", `"verb" must be a verb of the policy, not "${word}"`);
      if (!isResource(resource)) throw badInput("resource", `"resource" must be a resource, not "${resource}"`);
      return isAllowed(principal, verb, resource, { space: space ?? null });
    },
  }),
}));
