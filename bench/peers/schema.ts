import DataLoader from "dataloader";
import type { IncomingHttpHeaders } from "node:http";
import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  Kind,
} from "graphql";
import { createSchema } from "graphql-yoga";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaClient } from "../../src/store/generated/client/client.ts";
import { type Caller, callerOf, maySee } from "../contestants/token.ts";

// One schema for all peers, of the shape of the gateway's, over Prisma with the adapter it comes with. Nothing is asked
// for row by row: responses come with their agents by a nested include, items by one query for all of them.
const database = process.argv[2] ?? "";
const prisma = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${database}` }) });

const typeDefs = /* GraphQL */ `
  scalar DateTime
  scalar JSON
  type Query {
    agent(name: ID!): Agent
    agents(first: Int): AgentConnection!
  }
  type AgentConnection { nodes: [Agent!]! }
  type PublishPermissions { code: Boolean! secrets: Boolean! content: Boolean! }
  type Agent {
    name: ID!
    createdByName: String!
    state: String!
    description: String
    parentName: String
    createdAt: DateTime!
    lastActivityAt: DateTime
    metadata: JSON!
    tags: [String!]!
    isPublished: Boolean!
    publishedAt: DateTime
    publishedBy: String
    publishPermissions: PublishPermissions!
    idleTimeoutSeconds: Int!
    busyTimeoutSeconds: Int!
    idleFrom: DateTime
    busyFrom: DateTime
    responses(first: Int): ResponseConnection!
  }
  type ResponseConnection { nodes: [Response!]! }
  type Response { id: ID! status: String! input: JSON! output: ResponseOutput! }
  type ResponseOutput { text: String! items: [ResponseItem!]! }
  type ResponseItem { seq: Int! type: String! raw: JSON! }
`;

/** What resolvers get: the caller, and a loader for the items of all responses of a request. */
export interface PeerContext {
  readonly caller: Caller;
  readonly items: DataLoader<string, readonly ItemShown[]>;
}

interface ItemShown {
  readonly seq: number;
  readonly type: string;
  readonly raw: object;
}

type AgentRow = Awaited<ReturnType<typeof prisma.agent.findUniqueOrThrow>>;
type ResponseRow = Awaited<ReturnType<typeof prisma.response.findUniqueOrThrow>>;

interface Included {
  readonly responses?: readonly ResponseRow[];
}

const orderBy: { createdAt?: "asc"; id?: "asc" }[] = [{ createdAt: "asc" }, { id: "asc" }];

/** The arguments of the `responses` that a list of agents is asked for, so that one query brings them along. */
function responsesIn({ fieldNodes, schema, variableValues }: GraphQLResolveInfo): { readonly first?: number } | null {
  const nodes = fieldNodes.flatMap((field) => selected(field, "nodes"));
  const [responses] = nodes.flatMap((field) => selected(field, "responses"));
  const definition = (schema.getType("Agent") as GraphQLObjectType).getFields()["responses"]; // it is defined above
  return responses && definition ? getArgumentValues(definition, responses, variableValues) : null;
}

const selected = ({ selectionSet }: FieldNode, name: string): FieldNode[] =>
  (selectionSet?.selections ?? []).filter(
    (selection): selection is FieldNode => selection.kind === Kind.FIELD && selection.name.value === name,
  );

/** @throws {Error} when the token is not good. */
export const contextOf = async (headers: IncomingHttpHeaders): Promise<PeerContext> => ({
  caller: await callerOf(headers.authorization),
  items: new DataLoader(itemsOf),
});

async function itemsOf(ids: readonly string[]): Promise<ItemShown[][]> {
  const events = await prisma.event.findMany({
    where: { stream: { in: ids.map((id) => `response:${id}`) }, type: "response.item" },
    orderBy: [{ stream: "asc" }, { seq: "asc" }],
    select: { stream: true, seq: true, payload: true },
  });
  const byStream = Map.groupBy(events, ({ stream }) => stream);
  return ids.map((id) =>
    (byStream.get(`response:${id}`) ?? []).map(({ seq, payload }) => {
      const { item } = payload as { item: { type: string } }; // written by the gateway
      return { seq, type: item.type, raw: item };
    }),
  );
}

/** The schema all peers serve. */
export const schema: GraphQLSchema = createSchema<PeerContext>({
  typeDefs,
  resolvers: {
    Query: {
      agent: async (_root, { name }: { name: string }, { caller }) => {
        const agent = await prisma.agent.findUnique({ where: { nameKey: name.toLowerCase() } });
        return agent && maySee(caller, agent.createdByName) ? agent : null;
      },
      agents: async (_root, { first }: { first?: number }, { caller }, info) => {
        const responses = responsesIn(info);
        const agents = await prisma.agent.findMany({
          take: first ?? 100,
          orderBy,
          ...(responses ? { include: { responses: { take: responses.first ?? 100, orderBy } } } : {}),
        });
        return { nodes: agents.filter(({ createdByName }) => maySee(caller, createdByName)) };
      },
    },
    Agent: {
      publishPermissions: ({ publishCode, publishSecrets, publishContent }: AgentRow) => ({
        code: publishCode,
        secrets: publishSecrets,
        content: publishContent,
      }),
      responses: async ({ id, responses }: AgentRow & Included, { first }: { first?: number }) => ({
        nodes: responses ?? (await prisma.response.findMany({ where: { agentId: id }, take: first ?? 100, orderBy })),
      }),
    },
    Response: { output: (response: ResponseRow) => response },
    ResponseOutput: {
      text: ({ outputText }: ResponseRow) => outputText,
      items: ({ id }: ResponseRow, _args: object, { items }) => items.load(id),
    },
  },
});
