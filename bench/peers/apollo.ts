import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { contextOf, type PeerContext, schema } from "./schema.ts";

// Apollo Server as its own guide starts it, but for its path. `node apollo.ts DATABASE`
const server = new ApolloServer<PeerContext>({ schema });
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: "127.0.0.1" },
  context: ({ req }) => contextOf(req.headers),
});
process.stdout.write(`listens on ${url.replace(/\/$/, "")}\n`);
