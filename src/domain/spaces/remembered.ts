import { type Kind, type ListKind, rowsOf } from "../../events/remembered.ts";
import type { Space } from "../../store/generated/client/client.ts";
import { spaceStream } from "./space.ts";

/** Spaces by their name. */
export const spaces = rowsOf<Space>("space", { keyOf: ({ name }) => name, topics: ({ name }) => [spaceStream(name)] });

const topics = () => ["space:*"];

export const spaceLists: ListKind<Space> = { name: "spaces", rows: spaces, topics };
export const spaceCounts: Kind<number> = { name: "count of spaces", topics };
