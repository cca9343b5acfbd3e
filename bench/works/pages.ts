import { judge } from "../goals.ts";
import { agentFields, get, query } from "../harness/ask.ts";
import { amounts } from "../harness/data.ts";
import { openCrowd } from "../harness/field.ts";
import { type Measured, type Pace, takeTurns } from "../harness/rounds.ts";
import type { Report } from "../measure.ts";

const pageSize = 100;
const document = `query Page($after: String) {
  agents(first: ${pageSize}, after: $after) { nodes { ${agentFields} } pageInfo { endCursor } }
}`;

interface Page {
  readonly data: { readonly agents: { readonly nodes: readonly unknown[]; readonly pageInfo: PageInfo } };
}

interface PageInfo {
  readonly endCursor: string;
}

/** Pages of a crowd of agents: all of them in turn, and the deepest beside the first. */
export async function pages(pace: Pace): Promise<Report> {
  await using field = await openCrowd("gateway");
  const running = field.running.gateway;
  const cursors = await walk(running.url, field.headers);
  const asked = (afters: readonly (string | null)[]) =>
    query(
      document,
      afters.map((after) => ({ after })),
      field.headers,
    );
  const one = { ...pace, connections: [1] };
  const inTurn = await takeTurns("pages of 100 in turn", [{ name: "gateway", running, requests: asked(cursors) }], one);
  const overRest = (offset: number) => ({
    name: `REST, offset ${offset}`,
    running,
    requests: get(`/api/v0/agents?limit=${pageSize}&offset=${offset}`, field.headers),
  });
  const depths = await takeTurns(
    "a page of 100",
    [
      { name: "first", running, requests: asked(cursors.slice(0, 1)) },
      { name: "deepest", running, requests: asked(cursors.slice(-1)) },
      ...(pace.everybody ? [overRest(0), overRest(amounts.crowd - pageSize)] : []),
    ],
    one,
  );
  const p50Of = (name: string) => depths.find((measured: Measured) => measured.name === name)?.p50Ms ?? Number.NaN;
  return {
    results: [judge("pageTime", inTurn[0]?.p95Ms ?? Number.NaN), judge("pageDepth", p50Of("deepest") / p50Of("first"))],
    measured: [...inTurn, ...depths],
  };
}

/** What comes before each page, from the first to the last. */
async function walk(url: string, headers: Readonly<Record<string, string>>): Promise<readonly (string | null)[]> {
  const cursors: (string | null)[] = [];
  for (let after: string | null = null; cursors.length < amounts.crowd / pageSize; ) {
    cursors.push(after);
    const [request] = query(document, [{ after }], headers);
    const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body: request?.body ?? "" });
    const { agents } = ((await answer.json()) as Page).data;
    if (agents.nodes.length !== pageSize) throw new Error(`a page has ${agents.nodes.length} agents`);
    after = agents.pageInfo.endCursor;
  }
  return cursors;
}
