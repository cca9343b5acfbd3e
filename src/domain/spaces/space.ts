import { badInput } from "../../errors.ts";
import { asPayload } from "../../events/append.ts";
import type { NewEvent } from "../../events/event.ts";
import { tellingOf } from "../../events/remembered.ts";
import type { Space } from "../../store/generated/client/client.ts";

/** The space that is always there. */
export const defaultSpace = "default";

/** What may stand in the name of an image, for a space's builds are called after it. */
const namePattern = /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/;
const longestName = 63;

export type SpaceEventType = "space.created" | "space.changed" | "space.deleted";

/** The stream of a space's events. */
export const spaceStream = (name: string) => `space:${name}`;

/** The event of a change; its payload is the space as it now is, or last was. */
export const spaceEvent = (type: SpaceEventType, space: Space): NewEvent => ({
  stream: spaceStream(space.name),
  type,
  space: space.name,
  payload: tellingOf(asPayload(space), space),
});

/** The space that one of its events is about. */
export const spaceOf = (event: { readonly payload: object }) => event.payload as Pick<Space, "name">; // written above

/** @throws BAD_USER_INPUT unless the text may name a space. */
export function checkSpaceName(name: string): void {
  if (name.length <= longestName && namePattern.test(name)) return;
  throw badInput("name", `"name" must be 1 to ${longestName} small letters and digits, with single "-" or "_" between`);
}
