import { z } from "zod";
import { moment } from "../../rest/fields.ts";
import { type Route, route } from "../../rest/route.ts";
import { defaultSpace } from "../spaces/space.ts";

const tag = "Space builds";

const params = z.object({ name: z.string().meta({ description: "Space name" }) });
const paramsOfOne = params.extend({ build_id: z.string().meta({ description: "Build ID" }) });

const fields = /* GraphQL */ `
  fragment RestBuild on Build {
    id
    build_id: id
    space
    status
    image_tag: image
    agents { name error }
    error
    logs
    started_at: startedAt
    completed_at: completedAt
  }
`;

interface BuildData {
  readonly id: string;
  readonly build_id: string;
  readonly space: string;
  readonly status: string;
  readonly image_tag: string | null;
  readonly agents: readonly { readonly name: string; readonly error: string | null }[];
}

/** A build that was cancelled counts as failed here; its error says what happened. */
function present({ id, build_id, space, status, image_tag, agents, ...rest }: BuildData) {
  const shown = status === "CANCELLED" ? "failed" : status.toLowerCase();
  const deployed = image_tag === null ? [] : agents.filter(({ error }) => error === null);
  return { id, build_id, space, status: shown, image_tag, agents_deployed: deployed.map(({ name }) => name), ...rest };
}

const Build = z
  .object({
    id: z.string(),
    build_id: z.string().meta({ description: "The same as `id`" }),
    space: z.string(),
    status: z.enum(["pending", "building", "completed", "failed"]),
    image_tag: z.string().nullable().meta({ description: "The image; null until it is made" }),
    agents_deployed: z.array(z.string()).meta({ description: "The names of the agents in the image" }),
    error: z.string().nullable(),
    logs: z.string(),
    started_at: moment("Start").nullable(),
    completed_at: moment("End").nullable(),
  })
  .meta({ id: "Build" });

const id = "build-550e8400-e29b-41d4-a716-446655440000";
const example: z.input<typeof Build> = {
  id,
  build_id: id,
  space: defaultSpace,
  status: "completed",
  image_tag: `raworc_space_default:${id}`,
  agents_deployed: ["data-analyzer"],
  error: null,
  logs: "[data-analyzer] is ready",
  started_at: "2025-01-01T00:00:00.000Z",
  completed_at: "2025-01-01T00:05:00.000Z",
};
const ordered = { status: "pending", image_tag: null, agents_deployed: [], logs: "" } as const;

/** The builds of a space (document A, "Space Builds"). */
export const buildRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/spaces/:name/build",
    tag,
    summary: "Order a build of the space's image; one that still waits is answered again",
    params,
    document: /* GraphQL */ `
      mutation RestBuildSpace($name: ID!) {
        buildSpace(space: $name) { ...RestBuild }
      }
      ${fields}
    `,
    variables: ({ params: path }) => path,
    present,
    reply: {
      kind: "json",
      schema: Build,
      example: { ...example, ...ordered, started_at: null, completed_at: null },
    },
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/spaces/:name/build/latest",
    tag,
    summary: "Get the build that was ordered last",
    params,
    document: /* GraphQL */ `
      query RestLatestBuild($name: ID!) {
        latestBuild(space: $name) { ...RestBuild }
      }
      ${fields}
    `,
    variables: ({ params: path }) => path,
    present,
    reply: { kind: "json", schema: Build, example },
  }),
  route({
    method: "GET",
    path: "/spaces/:name/build/:build_id",
    tag,
    summary: "Get a build",
    params: paramsOfOne,
    document: /* GraphQL */ `
      query RestBuildById($name: ID!, $build_id: ID!) {
        build(id: $build_id, space: $name) { ...RestBuild }
      }
      ${fields}
    `,
    variables: ({ params: path }) => path,
    present,
    reply: { kind: "json", schema: Build, example },
  }),
];
