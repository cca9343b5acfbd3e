import { isJsonObject, type JsonObject } from "../../json.ts";

/** Reads the engine's streams of JSON objects, one a line; anything else in them is passed over. */
export async function* jsonLinesOf(source: AsyncIterable<Buffer | string>): AsyncGenerator<JsonObject> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of source) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield* parsed(line);
  }
  yield* parsed(rest);
}

function* parsed(line: string): Generator<JsonObject> {
  if (line.trim() === "") return;
  try {
    const value: unknown = JSON.parse(line);
    if (isJsonObject(value)) yield value;
  } catch {
    // A stream that was cut ends in half an object.
  }
}
