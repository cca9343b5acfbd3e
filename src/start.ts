import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { v7 as uuid } from "uuid";
import { type Auth, createAuth } from "./auth/auth.ts";
import type { Config } from "./config.ts";
import { agentReactions, createAgentReconciler } from "./domain/agents/reconcile.ts";
import { createPreparationReconciler } from "./domain/agents/prepare.ts";
import { chooseRuntime } from "./domain/computers/choose-runtime.ts";
import { buildReactions } from "./domain/builds/reactions.ts";
import { createImageReconciler } from "./domain/builds/collect.ts";
import { createBuildReconciler } from "./domain/builds/reconcile.ts";
import { createLongParts } from "./domain/computers/long-parts.ts";
import { createOrphanReconciler } from "./domain/computers/orphans.ts";
import { createPoolReconciler, drainPool } from "./domain/computers/pool.ts";
import { tellOfMissingHosts } from "./domain/computers/placement.ts";
import { poolMeasures } from "./domain/computers/warm-pool.ts";
import { createComputerReconciler } from "./domain/computers/reconcile.ts";
import { messageReactions } from "./domain/messages/reactions.ts";
import { endAllLeases } from "./domain/responses/claim.ts";
import { responseTopics } from "./domain/responses/remembered.ts";
import { responseReactions } from "./domain/responses/reactions.ts";
import { createResponseReconciler } from "./domain/responses/reconcile.ts";
import { createSessionPreparationReconciler } from "./domain/sessions/prepare.ts";
import { createSessionReconciler, sessionReactions } from "./domain/sessions/reconcile.ts";
import { secretReactions } from "./domain/secrets/service.ts";
import { warnOfUnreadableSecrets } from "./domain/secrets/unreadable.ts";
import { spaceAgentReactions } from "./domain/space-agents/reactions.ts";
import { roleBindingReactions } from "./domain/role-bindings/reactions.ts";
import { ensureFirstAdministrator, type FirstAdministrator } from "./domain/service-accounts/first-administrator.ts";
import { deploymentId } from "./domain/system/deployment.ts";
import { createRetentionReconciler } from "./domain/system/retention.ts";
import { createEngines } from "./engines/registry.ts";
import { createMemoryTail } from "./events/memory-tail.ts";
import { createMemory, createNoMemory, type Memory } from "./events/remember.ts";
import type { Tail } from "./events/tail.ts";
import type { Gateway } from "./gateway.ts";
import { type Controller, createController } from "./reconcile/controller.ts";
import type { NamedRuntime } from "./runtime/pool/host.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { createServer, type GatewayServer } from "./server.ts";
import { createSealer } from "./store/aes-sealer.ts";
import { otherMasterKeys } from "./store/key-rotation.ts";
import { jwtSecret, masterKey } from "./store/keys.ts";
import { type OpenStore, openStore } from "./store/open.ts";

/** A gateway at work. */
export interface RunningGateway {
  readonly gateway: Gateway;
  readonly auth: Auth;
  readonly controller: Controller;
  readonly server: GatewayServer;
  readonly url: string;
  /** Drains: nothing new begins, what runs gets a grace time, sockets are sent away, all is closed. */
  stop(): Promise<void>;
}

/** What tests replace: the runtime, the clock, and whether the gateway may count on being alone on its database. */
export interface Replacements {
  readonly runtime?: Runtime;
  /** The hosts of a pool, in place of one runtime. */
  readonly hosts?: readonly NamedRuntime[];
  readonly now?: () => Date;
  readonly alone?: boolean;
}

/**
 * Starts a gateway: opens the store, wires the rooms together, begins to reconcile and to listen. `tell` hears of a
 * password that this start gave, at once: nobody could find it out later, also where the gateway then cannot listen.
 *
 * @throws {StoreError} when the store cannot be opened.
 */
export async function startGateway(
  config: Config,
  log: Logger,
  replaced: Replacements = {},
  tell: (administrator: FirstAdministrator) => void = () => undefined,
): Promise<RunningGateway> {
  if (config.hasRedis) log.warn("REDIS_URL is not used: gateways of one database hear of each other by PostgreSQL");
  const opened = await openStore(config);
  // A SQLite file has one gateway at a time.
  const alone = replaced.alone ?? opened.provider === "sqlite";
  const gateway = await assemble(config, log, opened, { ...replaced, alone });
  const auth = createAuth(gateway, jwtSecret(config));
  const administrator = await ensureFirstAdministrator(gateway, auth);
  if (administrator) tell(administrator);
  if (administrator?.replacedDefault) log.warn(`the default password of "${administrator.user}" was replaced`);
  await warnOfUnreadableSecrets(gateway);
  if (alone) await endAllLeases(gateway); // whoever held one is dead
  await tellOfMissingHosts(gateway);
  await drainPool(gateway); // before anybody can get a computer of other settings than these
  const controller = createController(gateway, reconcilersOf(gateway, alone));
  const server = await createServer(gateway, auth, poolMeasures(gateway));
  const url = await server.listen();
  await controller.start();
  const stop = async () => {
    await controller.stop();
    await server.close();
    auth.close();
    await gateway.tail.close();
    await gateway.runtime.close();
    await opened.close();
  };
  return { gateway, auth, controller, server, url, stop };
}

async function assemble(config: Config, log: Logger, opened: OpenStore, replaced: Replacements): Promise<Gateway> {
  const { store } = opened;
  const newId = () => uuid();
  const deployment = await deploymentId(store, newId);
  const memory = replaced.alone ? createMemory(moreTopics) : createNoMemory();
  return {
    config,
    store,
    log,
    deployment,
    newId,
    runtime: replaced.runtime ?? (await chooseRuntime({ config, store, deployment, log }, replaced.hosts)),
    memory,
    tail: heardBy(memory, await createTail(config, log, opened)),
    reactions: [
      ...roleBindingReactions,
      ...agentReactions,
      ...sessionReactions,
      ...secretReactions,
      ...responseReactions,
      ...messageReactions,
      ...spaceAgentReactions,
      ...buildReactions,
    ],
    sealer: createSealer(masterKey(config), () => otherMasterKeys(config)),
    replicaId: randomUUID(),
    actor: null,
    now: replaced.now ?? (() => new Date()),
  };
}

/** Its code for PostgreSQL is read only where it is used, as the store's is. */
async function createTail({ databaseUrl }: Config, log: Logger, { store, provider }: OpenStore): Promise<Tail> {
  const report = (err: unknown) => log.error({ err }, "a reader of events failed");
  if (provider === "sqlite") return createMemoryTail(report);
  const { createPostgresqlTail } = await import("./events/postgresql-tail.ts");
  return createPostgresqlTail({ store, databaseUrl }, log, report);
}

const moreTopics = [responseTopics];

/** Whoever looks again because of an event must not find what was before it: so the memory hears of it first. */
const heardBy = (memory: Memory, tail: Tail): Tail => ({
  ...tail,
  publish(events) {
    memory.hear(events);
    tail.publish(events);
  },
});

function reconcilersOf(gateway: Gateway, alone: boolean) {
  const longParts = createLongParts(gateway.config);
  return [
    createComputerReconciler(gateway, { alone, longParts }),
    createOrphanReconciler(gateway),
    createAgentReconciler(gateway),
    createPreparationReconciler(gateway, { alone }),
    createSessionReconciler(gateway),
    createSessionPreparationReconciler(gateway, { alone }),
    createResponseReconciler(gateway, createEngines(gateway.config, gateway.log)),
    createRetentionReconciler(gateway),
    createBuildReconciler(gateway, { alone }),
    createImageReconciler(gateway),
    createPoolReconciler(gateway, longParts),
  ];
}
