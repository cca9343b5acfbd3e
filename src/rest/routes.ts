import { agentRoutes } from "../domain/agents/rest.ts";
import { agentFileRoutes } from "../domain/agents/rest-files.ts";
import { agentOrderRoutes } from "../domain/agents/rest-orders.ts";
import { buildRoutes } from "../domain/builds/rest.ts";
import { contextRoutes } from "../domain/responses/rest-context.ts";
import { messageRoutes } from "../domain/messages/rest.ts";
import { responseRoutes } from "../domain/responses/rest.ts";
import { secretRoutes, spaceSecretRoutes } from "../domain/secrets/rest.ts";
import { accountRoutes } from "../domain/service-accounts/rest.ts";
import { roleBindingRoutes } from "../domain/role-bindings/rest.ts";
import { roleRoutes } from "../domain/roles/rest.ts";
import { operatorRoutes } from "../domain/service-accounts/rest-operators.ts";
import { serviceAccountRoutes } from "../domain/service-accounts/rest-service-accounts.ts";
import { sessionRoutes } from "../domain/sessions/rest.ts";
import { sessionOrderRoutes } from "../domain/sessions/rest-lifecycle.ts";
import { spaceAgentRoutes } from "../domain/space-agents/rest.ts";
import { spaceRoutes } from "../domain/spaces/rest.ts";
import { systemRoutes } from "../domain/system/rest.ts";
import type { Route } from "./route.ts";

/** Every route below `/api/v0`, in the order of the documentation. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...accountRoutes,
  ...serviceAccountRoutes,
  ...operatorRoutes,
  ...roleRoutes,
  ...roleBindingRoutes,
  ...spaceRoutes,
  ...spaceSecretRoutes,
  ...secretRoutes,
  ...spaceAgentRoutes,
  ...buildRoutes,
  ...sessionRoutes,
  ...sessionOrderRoutes,
  ...messageRoutes,
  ...agentRoutes,
  ...agentOrderRoutes,
  ...agentFileRoutes,
  ...responseRoutes,
  ...contextRoutes,
];
