import { conflict, GatewayError, notFound, unavailable } from "../../errors.ts";

/** True when no connection came about, so the engine cannot have got the request. */
export const isUnreachable = (error: unknown) =>
  error instanceof Error && "code" in error && (error.code === "ECONNREFUSED" || error.code === "ENOENT");

/** What was being done when the engine answered with an error. */
interface Attempt {
  /** Completes "could not …", such as `start container "c"`. */
  readonly what: string;
  readonly container: string | null;
  readonly address: string;
  readonly late: boolean;
}

/** The HTTP status of an engine's answer, or `null` where there was none. */
export function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return null;
  return typeof error.statusCode === "number" ? error.statusCode : null;
}

/** True when the engine says that the named thing does not exist. */
export const isMissing = (error: unknown) => statusOf(error) === 404;

/** True for 304: the container was already started or stopped. */
export const isAlready = (error: unknown) => statusOf(error) === 304;

/**
 * Says an engine's error in the program's words: 404 is NOT_FOUND, 409 CONFLICT, everything else
 * UNAVAILABLE with the engine's own reason, so that a full disk stays recognisable.
 */
export function translate({ what, container, address, late }: Attempt, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const status = statusOf(error);
  const reason = reasonOf(error);
  if (status === 404 && container !== null && !/image|volume|network/i.test(reason))
    return notFound("Container", container);
  if (status === 404) return new GatewayError("NOT_FOUND", `Docker could not ${what}: ${reason}`, {}, error);
  if (status === 409) return conflict(`Docker could not ${what}: ${reason}`);
  if (status !== null) return unavailable(`Docker could not ${what}: ${reason}`, error);
  if (late)
    return unavailable(`Docker at ${address} did not ${what} in time; see whether the engine is overloaded`, error);
  return unavailable(`Docker at ${address} cannot be reached (${reason}); start it or correct DOCKER_HOST`, error);
}

/** The engine's own sentence, without dockerode's frame around it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (
    text
      .replace(/^\(HTTP code \d+\) [^-]*- /, "")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, 500) || "no reason given"
  );
}
