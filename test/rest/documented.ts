import { readFileSync } from "node:fs";

/** One example of a document: the request as it is written there, and the answers. */
export interface Example {
  /** Such as `GET /api/v0/agents/{name}`. */
  readonly heading: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly answers: readonly { readonly status: number; readonly text: string }[];
}

/** Reads a file of examples: `### METHOD path`, the curl call, `Response`, and for each answer `HTTP status` and its body. */
export function readExamples(name: string): readonly Example[] {
  const text = readFileSync(new URL(name, import.meta.url), "utf8");
  return text.split(/^### /m).slice(1).map(parseExample);
}

function parseExample(section: string): Example {
  const [heading = "", ...rest] = section.split("\n");
  const [call = "", answers = ""] = rest.join("\n").split("\nResponse\n");
  const headers = [...call.matchAll(/-H "([^:]+): ([^"]+)"/g)].map(([, key = "", value = ""]) => [key, value] as const);
  return {
    heading,
    method: /-X (\w+)/.exec(call)?.[1] ?? "GET",
    url: /https:\S+/.exec(call)?.[0] ?? "",
    headers: Object.fromEntries(headers),
    body: /-d '(.*)'/s.exec(call)?.[1] ?? null,
    answers: [...answers.matchAll(/^HTTP (\d+)\n([^]*?)(?=^HTTP|$(?![^]))/gm)].map(([, status, body = ""]) => ({
      status: Number(status),
      text: body.trim(),
    })),
  };
}

/** Sends an example as it is written, with the host and its placeholders filled in. */
export async function sendExample(
  { method, url, headers, body }: Example,
  fill: (text: string) => string,
): Promise<{ status: number; text: string }> {
  const filled = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, fill(value)]));
  const response = await fetch(fill(url), { method, headers: filled, body });
  return { status: response.status, text: await response.text() };
}

/**
 * What differs between a documented body and an answer's; empty when nothing does. Keys and their order must be the
 * same, unless the document leaves out the rest by `...`; values too, unless they depend on time or chance.
 */
export function differences(documented: string, answered: string, additions: readonly string[] = []): string[] {
  if (documented === "") return answered === "" ? [] : [`there is a body: ${answered}`];
  const isOpen = documented.includes(",...}");
  const wanted: unknown = JSON.parse(documented.replace(",...}", "}"));
  return compare(wanted, JSON.parse(answered), "answer", { isOpen, additions });
}

interface Strictness {
  readonly isOpen: boolean;
  /** Keys that another document adds. */
  readonly additions: readonly string[];
}

function compare(documented: unknown, answered: unknown, place: string, how: Strictness): string[] {
  const pattern = typeof documented === "string" || typeof documented === "number" ? patternFor(documented) : null;
  if (pattern)
    return pattern.test(String(answered))
      ? []
      : [`${place}: ${JSON.stringify(answered)} is not like ${String(documented)}`];
  if (typeof documented !== "object" || documented === null) {
    return documented === answered
      ? []
      : [`${place}: ${JSON.stringify(answered)} instead of ${JSON.stringify(documented)}`];
  }
  if (typeof answered !== "object" || answered === null || Array.isArray(documented) !== Array.isArray(answered)) {
    return [`${place}: ${JSON.stringify(answered)} is of another kind`];
  }
  const [wanted, found] = [
    Object.keys(documented),
    Object.keys(answered).filter((key) => !how.additions.includes(key)),
  ];
  const keys = how.isOpen ? found.filter((key) => wanted.includes(key)) : found;
  const order =
    JSON.stringify(keys.toSorted()) === JSON.stringify(wanted.toSorted()) &&
    (how.isOpen || keys.join() === wanted.join());
  if (!order) return [`${place}: has the keys ${found.join()} instead of ${wanted.join()}`];
  return Object.entries(documented).flatMap(([key, value]) =>
    compare(value, (answered as Record<string, unknown>)[key], `${place}.${key}`, how),
  );
}

/** How a value looks that depends on time or chance. */
function patternFor(value: string | number): RegExp | null {
  if (value === "uuid") return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  if (value === "0.x.y") return /^\d+\.\d+\.\d+$/;
  if (value === 123) return /^\d+$/;
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(value)) ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/ : null;
}
