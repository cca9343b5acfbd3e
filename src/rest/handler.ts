import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { requirePrincipal } from "../graphql/authorize.ts";
import type { Call, Context } from "../graphql/context.ts";
import { httpCall } from "../graphql/http-call.ts";
import type { Graphql } from "../graphql/yoga.ts";
import type { EventStreams } from "./event-stream.ts";
import { execute, type Prepared, prepareDocument, subscribe } from "./execute.ts";
import { inputReader } from "./input.ts";
import { sendReply } from "./reply.ts";
import type { Answer, Input, Route, StreamEvent } from "./route.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The context of a REST request, once its caller has been looked at. */
    restContext: Context | null;
  }
}

/**
 * Makes the handler of one route. The caller is looked at before the body is read, so nobody without a good token
 * can make the gateway read one. What has not to be waited for is answered at once.
 *
 * @throws {Error} when a document of the route does not fit the schema.
 */
export function handlerOf(
  graphql: Graphql,
  route: Route,
  streams: EventStreams,
): Pick<RouteOptions, "onRequest" | "handler"> {
  const usual = prepare(route);
  const followed = route.follow && prepare(route.follow);
  const readInput = inputReader(route);
  return {
    onRequest(request, reply, done) {
      const admit = (context: Context) => {
        if (route.access === "bearer") requirePrincipal(context);
        request.restContext = context;
      };
      const context = graphql.contextOf(callOf(route, request, reply));
      if (context instanceof Promise) return context.then(admit);
      admit(context);
      return done();
    },
    handler(request, reply) {
      const { restContext: context } = request;
      if (!context) throw new Error("a route's hooks ran out of order");
      const input = readInput(request);
      const answer = followed && wantsToFollow(input) ? followed : usual;
      if (answer.reply.kind === "events") {
        return eventsOf(context, answer, input).then((events) => streams.send(request, reply, events));
      }
      const { memory } = context.gateway;
      const data = execute(context, answer.prepared, answer.variables(input));
      const finish = (got: unknown) => sendReply(request, reply, got, { route, answer, input, memory });
      return data instanceof Promise ? data.then(finish) : finish(data);
    },
  };
}

const wantsToFollow = ({ query }: Input) => (query as { follow?: boolean }).follow === true; // route() adds it

type PreparedAnswer = Answer & { readonly prepared: Prepared };

const prepare = (answer: Answer): PreparedAnswer => ({
  ...answer,
  prepared: prepareDocument(answer.document),
});

async function eventsOf(context: Context, answer: PreparedAnswer, input: Input): Promise<AsyncGenerator<StreamEvent>> {
  const values = await subscribe(context, answer.prepared, answer.variables(input));
  return (async function* () {
    for await (const value of values) yield answer.present.make(value, input) as StreamEvent; // as the kind promises
  })();
}

/** What is public is so for everyone alike: a token that is sent along changes nothing, not even a bad one. */
const callOf = ({ access }: Route, request: FastifyRequest, reply: FastifyReply): Call =>
  httpCall(request, reply, access === "public" ? undefined : request.headers.authorization);
