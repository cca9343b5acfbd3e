import type { Build } from "../../store/generated/client/client.ts";
import type { Store, Transaction } from "../../store/store.ts";

/** The stream of a build: its changes of status and its log lines. */
export const buildStream = (id: string) => `build:${id}`;

/** Where the code of a space's agents lies in the image of a build, a folder for each. */
export const agentsFolder = "/opt/raworc/agents";

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

/** What became of one space agent in a build. */
export interface BuiltAgent {
  readonly name: string;
  /** The commit that was taken; `null` when the repository could not be had. */
  readonly commit: string | null;
  readonly manifest: Manifest | null;
  /** Why it was left out; `null` for one that is in the image. */
  readonly error: string | null;
}

/** The agents of a build, also those that were left out. */
export const builtAgentsOf = (build: Pick<Build, "agents">) => build.agents as unknown as readonly BuiltAgent[]; // written by the build

/** The build whose image what is started in the space now gets; `null` when there is none yet. */
export const latestImage = (store: Pick<Store | Transaction, "build">, spaceName: string): Promise<Build | null> =>
  store.build.findFirst({
    where: { spaceName, status: "COMPLETED", image: { not: null } },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
  });
