import "../domain/system/schema.ts";
import "../domain/system/event-schema.ts";
import "../domain/service-accounts/queries.ts";
import "../domain/service-accounts/mutations.ts";
import "../domain/roles/queries.ts";
import "../domain/roles/mutations.ts";
import "../domain/role-bindings/queries.ts";
import "../domain/role-bindings/mutations.ts";
import "../domain/spaces/queries.ts";
import "../domain/spaces/mutations.ts";
import "../domain/secrets/queries.ts";
import "../domain/secrets/mutations.ts";
import "../domain/computers/schema.ts";
import "../domain/agents/queries.ts";
import "../domain/agents/inside-files.ts";
import "../domain/agents/inside-schema.ts";
import "../domain/agents/mutations.ts";
import "../domain/agents/subscriptions.ts";
import "../domain/sessions/queries.ts";
import "../domain/sessions/mutations.ts";
import "../domain/sessions/subscriptions.ts";
import "../domain/responses/queries.ts";
import "../domain/responses/mutations.ts";
import "../domain/responses/subscriptions.ts";
import { builder } from "./builder.ts";
import { guardRootFields } from "./root-fields.ts";

/** The whole schema: every room adds its part by being imported here. */
export const schema = guardRootFields(builder.toSchema());
