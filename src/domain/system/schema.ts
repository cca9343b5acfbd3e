import { isResource, isVerb, resources, verbNamed, verbs } from "../../auth/permissions.ts";
import { isAllowed } from "../../auth/policy.ts";
import { badInput, type ErrorCode } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { type Check, checkHealth, type Health } from "./health.ts";
import { version } from "./version.ts";

builder.enumType("ErrorCode", {
  description: "Every value that `extensions.code` of an error can have.",
  values: {
    BAD_USER_INPUT: {
      description: "The document, an argument or a field breaks a rule; `field` names it. REST: 400.",
    },
    UNAUTHENTICATED: {
      description: "The token is missing, wrong, expired or revoked, or a password is wrong. REST: 401.",
    },
    FORBIDDEN: { description: "The caller may know of the thing and may not do this with it. REST: 403." },
    NOT_FOUND: { description: "There is no such thing, or the caller may not see it. REST: 404." },
    CONFLICT: {
      description:
        "The thing does not permit this as it is now (`state` may say how), or the name is taken. REST: 409.",
    },
    PAYLOAD_TOO_LARGE: {
      description: "The request, or the file that was asked for, is larger than permitted. REST: 413.",
    },
    RATE_LIMITED: { description: "Too many of these calls; try again after `retryAfterSeconds`. REST: 429." },
    UNAVAILABLE: {
      description:
        "The database, the container engine or a computer cannot be reached now; try again later. REST: 503.",
    },
    TIMEOUT: { description: "The caller's wait is over; a response that was waited for goes on. REST: 504." },
    INTERNAL: { description: "A mistake of the gateway; its log has the details. REST: 500." },
  } satisfies Record<ErrorCode, object>,
});

const Version = builder.objectRef<typeof version>("Version").implement({
  description: "The versions of the gateway and of its REST API.",
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
      verb: t.arg.string({ required: true, description: `${verbs.join(", ")}; \`read\` is \`get\`.` }),
      resource: t.arg.string({ required: true, description: `${resources.join(", ")}.` }),
      space: t.arg.id(),
    },
    resolve: (_root, { verb: word, resource, space }, { principal }) => {
      const verb = verbNamed(word);
      if (!isVerb(verb)) throw badInput("verb", `"verb" must be one of ${verbs.join(", ")}, not "${word}"`);
      if (!isResource(resource)) {
        throw badInput("resource", `"resource" must be one of ${resources.join(", ")}, not "${resource}"`);
      }
      return isAllowed(principal, verb, resource, { space: space ?? null });
    },
  }),
}));
