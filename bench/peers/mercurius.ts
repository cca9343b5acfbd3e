import Fastify from "fastify";
import mercurius from "mercurius";
import { contextOf, schema } from "./schema.ts";

// Mercurius, every document compiled at its first use. `node mercurius.ts DATABASE`
const app = Fastify();
await app.register(mercurius, { schema, jit: 1, context: ({ headers }) => contextOf(headers) });
process.stdout.write(`listens on ${await app.listen({ port: 0, host: "127.0.0.1" })}\n`);
