import { readConfig } from "../../src/config.ts";
import { agentFor } from "../../src/domain/agents/access.ts";
import { permissionsOf } from "../../src/domain/agents/remix.ts";
import { presentAgent } from "../../src/domain/agents/rest-agent.ts";
import { requirePrincipal } from "../../src/graphql/authorize.ts";
import { createContext } from "../../src/graphql/context.ts";
import { httpCall } from "../../src/graphql/http-call.ts";
import { createLog } from "../../src/log.ts";
import { createServer } from "../../src/server.ts";
import { startGateway } from "../../src/start.ts";
import type { Agent } from "../../src/store/generated/client/client.ts";

// The gateway with one route more, as one would write it by hand: it asks the service itself, without a document.
// `node direct-route.ts`, configured as the gateway is.
const config = readConfig(process.env);
const { gateway, auth } = await startGateway(config, createLog(config));
const server = await createServer(gateway, auth);

server.app.get<{ Params: { name: string } }>("/direct/agents/:name", async (request, reply) => {
  const context = await createContext(gateway, auth, httpCall(request, reply, request.headers.authorization));
  requirePrincipal(context);
  return presentAgent(fieldsOf(await agentFor(context, request.params.name, "get")));
});

const fieldsOf = (agent: Agent) => ({
  name: agent.name,
  created_by: agent.createdByName,
  state: agent.state,
  description: agent.description,
  parent_agent_name: agent.parentName,
  created_at: agent.createdAt,
  last_activity_at: agent.lastActivityAt,
  metadata: agent.metadata,
  tags: agent.tags,
  is_published: agent.isPublished,
  published_at: agent.publishedAt,
  published_by: agent.publishedBy,
  publish_permissions: permissionsOf(agent),
  idle_timeout_seconds: agent.idleTimeoutSeconds,
  busy_timeout_seconds: agent.busyTimeoutSeconds,
  idle_from: agent.idleFrom,
  busy_from: agent.busyFrom,
});

process.stdout.write(`listens on ${await server.listen()}\n`);
