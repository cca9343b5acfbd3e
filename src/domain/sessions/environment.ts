import type { Gateway } from "../../gateway.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { environmentOf } from "../secrets/environment.ts";
import type { Owner } from "../secrets/owned.ts";

/** The session as an owner of secrets. */
export const ownerOf = (session: Pick<Session, "id" | "spaceName">): Owner => ({
  space: session.spaceName,
  kind: "SESSION",
  id: session.id,
});

/**
 * What the session's commands find in their environment: its own secrets, and those of its space while whoever made it may
 * make sessions there. Its own win.
 */
export const sessionEnvironment = (gateway: Gateway, session: Session) =>
  environmentOf(gateway, ownerOf(session), session);
