import type { Permission } from "./rules.ts";

/**
 * What lies below the root and leads to other things, or shows what not everybody who sees the thing may see, with
 * the permission that it needs; `same` where who sees the thing may see this too. A new field that leads to a type
 * of its own gets a line here; without one a test fails.
 */
export const nestedFields: Readonly<Record<string, Permission | "same">> = {
  "AgentFilePage.nodes": "same",
  "Agent.computer": "same",
  "Agent.createdBy": "service-accounts:get",
  "Agent.file": "files:get",
  "Agent.files": "files:get",
  "Agent.parent": "agents:get",
  "Agent.publishPermissions": "same",
  "Agent.responses": "responses:list",
  "Agent.runtime": "same",
  "Agent.secretNames": "files:get",
  "Agent.setupOutput": "files:get",
  "AgentChange.agent": "same",
  "Computer.limits": "same",
  "Computer.stats": "same",
  "Health.checks": "same",
  "Principal.account": "same",
  "Response.agent": "same",
  "Response.failure": "same",
  "Response.items": "same",
  "Response.output": "same",
  "Response.session": "same",
  "Response.usage": "same",
  "ResponseOutput.items": "same",
  "ResponseProgress.item": "same",
  "ResponseProgress.response": "same",
  "Role.rules": "same",
  "RoleBinding.role": "roles:get",
  "Session.computer": "same",
  "Session.createdBy": "service-accounts:get",
  "Session.parent": "sessions:get",
  "Session.responses": "same",
};
