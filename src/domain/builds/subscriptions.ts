import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import { buildFor, maySeeBuilds } from "./access.ts";
import { buildStream } from "./build.ts";
import { followBuild, type Progress } from "./progress.ts";
import { BuildStatus } from "./schema.ts";

const BuildProgressKind = builder.enumType("BuildProgressKind", {
  description: "`LOG` something was printed · `STATUS`",
  values: ["LOG", "STATUS"] as const,
});

const BuildProgress = builder.objectRef<Progress>("BuildProgress").implement({
  description: "Something that happened to a build. Ends after the one terminal status.",
  fields: (t) => ({
    seq: t.exposeInt("seq", { description: "Gapless; ask again with `after`." }),
    at: t.expose("at", { type: "DateTime" }),
    kind: t.expose("kind", { type: BuildProgressKind }),
    line: t.exposeString("line", { nullable: true, description: "One line, or several with line ends between." }),
    status: t.expose("status", { type: BuildStatus, nullable: true, description: "Where it now stands, with STATUS." }),
    build: t.prismaField({
      type: "Build",
      nullable: true,
      description: "The build as it is now; null once it is deleted.",
      resolve: (query, { buildId }, _args, { gateway }) =>
        gateway.store.build.findUnique({ ...query, where: { id: buildId } }),
    }),
  }),
});

builder.subscriptionField("buildProgress", (t) =>
  t.field({
    type: BuildProgress,
    description: "Everything that happens to a build after a place in its stream: first what was, then live.",
    args: { id: t.arg.id({ required: true }), after: t.arg.int({ defaultValue: 0 }) },
    subscribe: async (_root, { id, after }, context) => {
      const { spaceName } = await buildFor(context, id, "get");
      return live(context, {
        mayWatch: (principal) => maySeeBuilds(principal, "get", spaceName),
        shared: {
          name: buildStream(id),
          after: BigInt(after ?? 0),
          argument: "after",
          open: (place, signal, onPresent) => followBuild(context.gateway, id, Number(place), signal, { onPresent }),
          placeOf: ({ seq }) => BigInt(seq),
        },
      });
    },
    resolve: (progress) => progress,
  }),
);
