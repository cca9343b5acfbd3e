import { badInput } from "../../errors.ts";
import { isJsonObject, type JsonObject } from "../../json.ts";
import type { EngineKind, Network } from "../../store/generated/client/client.ts";
import { checkJsonText } from "../../text.ts";
import { imageRule, isImageName } from "./settings.ts";

const engines = ["MODEL", "SHELL", "EXTERNAL"] as const satisfies readonly EngineKind[];
const networks = ["NONE", "EGRESS"] as const satisfies readonly Network[];

/** Fields that REST has no place for: a key of `metadata` chooses there (design, "Configuration"). */
export interface Choices {
  readonly engine: EngineKind | null;
  readonly network: Network | null;
}

/**
 * What answers and what may be reached, from the fields of GraphQL or the metadata of REST.
 *
 * @throws BAD_USER_INPUT for a word that names neither.
 */
export function choicesOf(metadata: JsonObject, engine?: EngineKind | null, network?: Network | null): Choices {
  return {
    engine: engine == null ? choiceIn(metadata, "engine", engines) : oneOf("engine", engine, engines),
    network: network ?? choiceIn(metadata, "network", networks),
  };
}

/** What was chosen of a row with these metadata. */
export interface Chosen {
  readonly metadata: unknown;
  readonly engine: EngineKind | null;
  readonly network: Network;
}

/**
 * What changes with metadata that replace others, and with an engine that is named beside them. An engine that the old
 * metadata had chosen goes with them; one that was named otherwise stays.
 *
 * @throws BAD_USER_INPUT for a word that names nothing, and for another network: that is chosen once.
 */
export function replacedChoices(
  before: Chosen,
  { metadata: given, engine: named }: { readonly metadata?: unknown; readonly engine?: EngineKind | null },
): { readonly metadata?: JsonObject; readonly engine?: EngineKind | null } {
  const metadata = checkMetadata(given);
  const { engine, network } = choicesOf(metadata, named);
  if (network !== null && network !== before.network) {
    throw badInput(
      "metadata.network",
      `"metadata.network" was chosen at the start and stays ${before.network.toLowerCase()}`,
    );
  }
  const goesWithOld =
    given != null &&
    before.engine !== null &&
    choiceIn(checkMetadata(before.metadata), "engine", engines) === before.engine;
  return {
    ...(given == null ? {} : { metadata }),
    ...(engine !== null ? { engine } : goesWithOld ? { engine: null } : {}),
  };
}

function choiceIn<T extends string>(metadata: JsonObject, key: string, allowed: readonly T[]): T | null {
  const value = metadata[key];
  return value == null ? null : oneOf(`metadata.${key}`, typeof value === "string" ? value : "", allowed);
}

function oneOf<T extends string>(field: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value.toUpperCase());
  if (!found) throw badInput(field, `"${field}" must be one of ${allowed.join(", ").toLowerCase()}`);
  return found;
}

/** @throws BAD_USER_INPUT unless the value is a JSON object. */
export function checkMetadata(metadata: unknown): JsonObject {
  if (metadata == null) return {};
  if (!isJsonObject(metadata)) throw badInput("metadata", `"metadata" must be a JSON object`);
  checkJsonText("metadata", metadata);
  return metadata;
}

/** @throws BAD_USER_INPUT unless the text may name an image. */
export function checkImage(image: string | null | undefined): void {
  if (image != null && !isImageName(image)) throw badInput("image", `"image" ${imageRule}`);
}

export const longestTimeoutSeconds = 30 * 86_400;

/** @throws BAD_USER_INPUT unless the seconds are within what a timer can keep. */
export function checkTimeout(field: string, seconds: number): void {
  const good = Number.isInteger(seconds) && seconds >= 1 && seconds <= longestTimeoutSeconds;
  if (!good) throw badInput(field, `"${field}" must be a whole number from 1 to ${longestTimeoutSeconds}`);
}
