import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";

/** Ends a request without a body with its headers: the stream of nothing would be a tenth of a short read. */
export const emptyRequestsEndAtOnce = { optimizeEmptyRequests: true } as const;

const withoutBodies: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Gives the stream of such a request, which tells nobody that it has ended, an end where a body may be waited for. */
export function endEmptyBodies(app: FastifyInstance): void {
  app.addHook("preParsing", ({ headers, method }, _reply, body, done) => {
    const isWaitedFor = "content-type" in headers && !withoutBodies.has(method);
    done(null, isWaitedFor && body.readableEnded ? Readable.from([]) : body);
  });
}
