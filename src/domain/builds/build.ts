import { builtImagePrefix, imageFolder } from "../../runtime/paths.ts";
import type { Build, BuildStatus, Prisma } from "../../store/generated/client/client.ts";
import type { Store, Transaction } from "../../store/store.ts";

/** The stream of a build: its changes of status and its log lines. */
export const buildStream = (id: string) => `build:${id}`;

/** Where the code of a space's agents lies in the image of a build, a folder for each. */
export const agentsFolder = imageFolder;

/** What `raworc.json` says of an agent, with what it leaves out filled in. */
export interface Manifest {
  readonly runtime: "python3" | "node";
  /** A module of the repository and a function in it, such as `main.process_message`. */
  readonly handler: string;
  readonly buildCommand: string | null;
  readonly description: string | null;
  readonly purpose: string | null;
  readonly capabilities: readonly string[];
}

/** What became of one space agent in a build; until the build has come to it, all but the name is `null`. */
export interface BuiltAgent {
  readonly name: string;
  /** Where it was to be fetched from. */
  readonly sourceRepo?: string;
  readonly sourceBranch?: string;
  /** The commit that was taken; `null` when the repository could not be had. */
  readonly commit: string | null;
  readonly manifest: Manifest | null;
  /** Why it was left out; `null` for one that is in the image. */
  readonly error: string | null;
}

/** The agents of a build, also those that were left out. */
export const builtAgentsOf = (build: Pick<Build, "agents">) => build.agents as unknown as readonly BuiltAgent[]; // written by the build

/**
 * The build whose image what is started in the space now gets; `null` when there is none yet, and when the latest
 * build found no agents, for then there is nothing that an image would hold.
 */
export async function latestImage(store: Pick<Store | Transaction, "build">, spaceName: string): Promise<Build | null> {
  const build = await store.build.findFirst({ where: { spaceName, status: "COMPLETED" }, orderBy: newestFirst });
  return build?.image ? build : null;
}

/** The order of a space's builds, the one that was ordered last coming first. */
export const newestFirst = [{ createdAt: "desc" }, { id: "desc" }] satisfies Prisma.BuildOrderByWithRelationInput[];

/** The name of the image that a build makes. */
export const imageOf = ({ id, spaceName }: Pick<Build, "id" | "spaceName">) => `${builtImagePrefix}${spaceName}:${id}`;

/** The label of an image that says which build made it. */
export const buildLabel = "raworc.build";

/** The statuses a build may still leave. */
export const unfinished = ["PENDING", "BUILDING"] as const satisfies readonly BuildStatus[];

/** True for a status for good. */
export const isTerminal = (status: BuildStatus) => !(unfinished as readonly BuildStatus[]).includes(status);
