import { builder } from "../../graphql/builder.ts";
import type { LogLine as Line } from "../../runtime/runtime.ts";
import {
  ComputerDesired as desires,
  ComputerPhase as phases,
  Network as networks,
} from "../../store/generated/client/enums.ts";
import { containerName, limitsOf } from "./computer.ts";

const ComputerPhase = builder.enumType("ComputerPhase", {
  description: "What a computer was last seen to be.",
  values: Object.values(phases),
});

const ComputerDesired = builder.enumType("ComputerDesired", {
  description: "What a computer should be; the lifecycle controller makes it so.",
  values: Object.values(desires),
});

export const Network = builder.enumType("Network", {
  description: "What a computer may reach: nothing, or the internet but neither the host nor other computers.",
  values: Object.values(networks),
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
      resolve: async (computer, _args, { gateway }) =>
        computer.phase === "RUNNING" ? gateway.runtime.stats(containerName(computer)) : null,
    }),
  }),
});
