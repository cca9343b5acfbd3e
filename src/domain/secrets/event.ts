import { asPayload } from "../../events/append.ts";
import type { NewEvent } from "../../events/event.ts";
import type { Secret } from "../../store/generated/client/client.ts";

export type SecretEventType = "secret.created" | "secret.changed" | "secret.deleted";

/** The event of a change of a space's secret; it carries the value neither open nor sealed. */
export function secretEvent(type: SecretEventType, secret: Secret): NewEvent {
  const { sealed: _sealed, keyId: _keyId, ownerKind: _kind, ownerId: _owner, ...shown } = secret;
  return { stream: `secret:${secret.space}/${secret.keyName}`, type, space: secret.space, payload: asPayload(shown) };
}
