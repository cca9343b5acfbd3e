import { fileURLToPath } from "node:url";
import { gatewayCommand } from "../../scripts/gateway-command.cjs";
import { addCrowd, benchEnv, type DataFolder, makeData } from "./data.ts";
import { stopLoads } from "./load.ts";
import { type Program, type Running, startProgram } from "./program.ts";
import type { Pace } from "./rounds.ts";

const fileAt = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const peer = (file: string) => (data: DataFolder) => ({ args: [fileAt(file), data.database], env: benchEnv });

/** How each contestant is started on its copy of the data. */
const programs = {
  bare: peer("../contestants/bare.ts"),
  /** As `npm start` starts it. */
  gateway: (data: DataFolder) => ({
    args: gatewayCommand.args,
    env: { ...gatewayCommand.env, ...benchEnv, RAWORC_DATA_DIR: data.path },
  }),
  /** The gateway with one route by hand. */
  direct: (data: DataFolder) => ({
    args: [fileAt("../contestants/direct-route.ts")],
    env: { ...benchEnv, RAWORC_DATA_DIR: data.path },
  }),
  mercurius: peer("../peers/mercurius.ts"),
  apollo: peer("../peers/apollo.ts"),
  yoga: peer("../peers/yoga.ts"),
  wsDefault: peer("../peers/ws-default.ts"),
  bareSockets: peer("../peers/bare-sockets.ts"),
  langgraph: peer("../peers/langgraph.ts"),
  /** Without the two lines that it logs of every request. */
  langgraphSilent: (data: DataFolder) => ({
    args: [fileAt("../peers/langgraph.ts"), data.database],
    env: { ...benchEnv, LOG_LEVEL: "error" },
  }),
} satisfies Record<string, (data: DataFolder) => Program>;

export type ContestantName = keyof typeof programs;

/** The contestants of a work, all running on the same data. */
export interface Field<Name extends ContestantName> extends AsyncDisposable {
  readonly running: Readonly<Record<Name, Running>>;
  readonly data: Readonly<Record<Name, DataFolder>>;
  /** What every request of an administrator carries; good at all of them. */
  readonly headers: Readonly<Record<string, string>>;
}

let filled: Promise<DataFolder> | undefined;
let crowded: Promise<DataFolder> | undefined;

/** Starts contestants, each on a copy of the data, which is made once. The gateway must be among them. */
export const openField = <Name extends ContestantName>(...names: readonly ("gateway" | Name)[]) =>
  openOn(copyOfData, names);

/** The same with as many agents as a crowd has. */
export const openCrowd = <Name extends ContestantName>(...names: readonly ("gateway" | Name)[]) =>
  openOn(copyOfCrowd, names);

async function openOn<Name extends ContestantName>(
  from: () => Promise<DataFolder>,
  names: readonly ("gateway" | Name)[],
): Promise<Field<"gateway" | Name>> {
  const entered = await Promise.allSettled(names.map((name) => enter(name, from)));
  const started = entered.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const close = async () => {
    await Promise.all(started.map(({ running }) => running.stop()));
    for (const { data } of started) await data[Symbol.asyncDispose]();
  };
  try {
    for (const one of entered) if (one.status === "rejected") throw one.reason;
    // Every name has been started.
    const each = <T>(pick: (one: Started) => T) =>
      Object.fromEntries(started.map((one) => [one.name, pick(one)])) as Record<"gateway" | Name, T>;
    const running = each((one) => one.running);
    const headers = { authorization: `Bearer ${await logIn(running.gateway.url)}`, "content-type": "application/json" };
    return { running, data: each((one) => one.data), headers, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Started {
  readonly name: string;
  readonly running: Running;
  readonly data: DataFolder;
}

async function enter(name: ContestantName, from: () => Promise<DataFolder>): Promise<Started> {
  const data = await from();
  try {
    return { name, running: await startProgram(programs[name](data)), data };
  } catch (error) {
    await data[Symbol.asyncDispose]();
    throw error;
  }
}

/** The peers over Prisma; Yoga, which no goal names, only where everybody takes part. */
export const graphqlPeers = ({ everybody }: Pace): readonly ("mercurius" | "apollo" | "yoga")[] => [
  "mercurius",
  "apollo",
  ...(everybody ? (["yoga"] as const) : []),
];

/** A copy of the data. */
export const copyOfData = async (): Promise<DataFolder> => (await (filled ??= makeData())).copy();

/** A copy of the data with as many agents as a crowd has. */
async function copyOfCrowd(): Promise<DataFolder> {
  crowded ??= copyOfData().then(async (data) => {
    await addCrowd(data);
    return data;
  });
  return (await crowded).copy();
}

/** Removes the data that contestants got copies of, and ends what sent them loads. */
export async function closeFields(): Promise<void> {
  stopLoads();
  for (const data of [filled, crowded]) await (await data)?.[Symbol.asyncDispose]();
}

/** Starts the gateway alone on this data, by the command of `npm start`. */
export const startGatewayOn = (data: DataFolder, options: { readonly everywhere?: boolean } = {}): Promise<Running> =>
  startProgram({ ...programs.gateway(data), ...options });

/** A token of the administrator. */
export async function logIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/v0/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "admin", pass: benchEnv.RAWORC_ADMIN_PASSWORD }),
  });
  const { token } = (await answer.json()) as { token?: string };
  if (!token) throw new Error(`nobody may log in at ${url}: ${answer.status}`);
  return token;
}
