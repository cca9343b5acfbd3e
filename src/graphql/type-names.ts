import { Kind, type TypeNode } from "graphql";

/** The name of what a type in a document is about, without lists and requirements. */
export const nameOf = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type));
