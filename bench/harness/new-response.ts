import { agentName } from "./data.ts";

/**
 * A response that waits, so that an outside worker may report on it.
 *
 * @throws {Error} when none was made.
 */
export async function newResponse(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const body = JSON.stringify({ input: { text: "think" } });
  const answer = await fetch(`${url}/api/v0/agents/${agentName(0)}/responses`, { method: "POST", headers, body });
  const { id } = (await answer.json()) as { id?: string };
  if (!id) throw new Error(`${url} made no response: ${answer.status}`);
  return id;
}
