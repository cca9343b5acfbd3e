import { builder } from "../../graphql/builder.ts";
import type { LogLine as Line } from "../../runtime/runtime.ts";
import type {
  ComputerDesired as Desired,
  ComputerPhase as Phase,
  Network as Reach,
} from "../../store/generated/client/client.ts";
import { containerName, limitsOf } from "./computer.ts";

const ComputerPhase = builder.enumType("ComputerPhase", {
  description: "What a computer was last seen to be.",
  values: {
    ABSENT: { description: "It has no container: none was made yet, or it was removed." },
    CREATING: { description: "Its container is being made." },
    RUNNING: { description: "It takes commands." },
    PAUSED: { description: "Frozen: its processes stand still and keep their memory." },
    STOPPED: { description: "Its container does not run; its files are there." },
    FAILED: { description: "Given up; `lastError` says why. The next order to run tries again." },
  } satisfies Record<Phase, object>,
});

const ComputerDesired = builder.enumType("ComputerDesired", {
  description: "What a computer should be; the lifecycle controller makes it so.",
  values: {
    RUNNING: { description: "Running, so that it takes commands." },
    PAUSED: { description: "Frozen. That of a sleeping agent is stopped after RAWORC_FREEZE_SECONDS." },
    STOPPED: { description: "Stopped, with its container and its files kept." },
    VOLUME_ONLY: { description: "Without a container, its files kept: that of a closed session." },
    ABSENT: { description: "Gone, with all of its files." },
  } satisfies Record<Desired, object>,
});

export const Network = builder.enumType("Network", {
  description: "What a computer may reach.",
  values: {
    NONE: { description: "Nothing." },
    EGRESS: { description: "The internet, but neither the host nor other computers." },
  } satisfies Record<Reach, object>,
});

const ComputerLimits = builder
  .objectRef<{ memoryBytes: number; cpus: number; pids: number }>("ComputerLimits")
  .implement({
    description: "What a computer may use.",
    fields: (t) => ({
      memoryBytes: t.exposeFloat("memoryBytes", { description: "Bytes of memory, swap included." }),
      cpus: t.exposeFloat("cpus", { description: "Processor cores." }),
      pids: t.exposeInt("pids", { description: "Processes at a time." }),
    }),
  });

const ComputerStats = builder
  .objectRef<{ memoryBytes: number; cpuPercent: number; pids: number }>("ComputerStats")
  .implement({
    description: "What a computer uses right now.",
    fields: (t) => ({
      memoryBytes: t.exposeFloat("memoryBytes", { description: "Bytes of memory." }),
      cpuPercent: t.exposeFloat("cpuPercent", { description: "100 is one core." }),
      pids: t.exposeInt("pids", { description: "Processes." }),
    }),
  });

export const LogLine = builder.objectRef<Line>("LogLine").implement({
  description: "A line that a computer's main process printed.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime" }),
    stream: t.exposeString("stream", { description: "`stdout` or `stderr`" }),
    text: t.exposeString("text"),
  }),
});

export const Computer = builder.prismaObject("Computer", {
  fields: (t) => ({
    id: t.exposeID("id"),
    desired: t.expose("desired", { type: ComputerDesired, description: "What it should be." }),
    phase: t.expose("phase", { type: ComputerPhase, description: "What it was last seen to be." }),
    generation: t.exposeInt("generation", { description: "Raised by one for every container made." }),
    image: t.string({
      description: "The image its container is made from.",
      resolve: ({ image }, _args, { gateway }) => image ?? gateway.config.agentImage,
    }),
    network: t.expose("network", { type: Network }),
    host: t.exposeString("host", { nullable: true, description: "The engine host that holds its volume." }),
    runtime: t.exposeString("runtime", { nullable: true, description: "`docker` or `process`, once it was made." }),
    startedAt: t.expose("startedAt", { type: "DateTime", nullable: true }),
    exitReason: t.exposeString("exitReason", { nullable: true, description: "Why it last ended by itself." }),
    lastError: t.exposeString("lastError", { nullable: true, description: "What keeps it from being as it should." }),
    limits: t.field({
      type: ComputerLimits,
      resolve: (computer, _args, { gateway }) => limitsOf(computer, gateway.config.computerLimits),
    }),
    stats: t.field({
      type: ComputerStats,
      nullable: true,
      complexity: 100,
      description: "Asked of the engine; null unless it is running.",
      resolve: async (computer, _args, { gateway, signal }) =>
        computer.phase === "RUNNING" ? gateway.runtime.stats(containerName(computer), signal) : null,
    }),
  }),
});
