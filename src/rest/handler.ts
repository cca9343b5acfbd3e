import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { requirePrincipal } from "../graphql/authorize.ts";
import type { Call } from "../graphql/context.ts";
import { httpCall } from "../graphql/http-call.ts";
import type { Graphql } from "../graphql/yoga.ts";
import type { EventStreams } from "./event-stream.ts";
import { type OpenCall, openCall, type Prepared, prepareDocument } from "./execute.ts";
import { inputReader } from "./input.ts";
import { sendReply } from "./reply.ts";
import type { Answer, Input, Route, StreamEvent } from "./route.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The opened call of a REST request, once its caller has been looked at. */
    restCall: OpenCall | null;
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
      const admit = (call: OpenCall) => {
        if (route.access === "bearer") requirePrincipal(call.context);
        request.restCall = call;
      };
      const call = openCall(graphql, callOf(route, request, reply));
      if (call instanceof Promise) return call.then(admit);
      admit(call);
      return done();
    },
    handler(request, reply) {
      const { restCall: call } = request;
      if (!call) throw new Error("a route's hooks ran out of order");
      const input = readInput(request);
      const answer = followed && wantsToFollow(input) ? followed : usual;
      if (answer.reply.kind === "events") {
        return eventsOf(call, answer, input).then((events) => streams.send(request, reply, events));
      }
      const data = call.execute(answer.prepared, answer.variables(input));
      const { memory } = call.context.gateway;
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

async function eventsOf(call: OpenCall, answer: PreparedAnswer, input: Input): Promise<AsyncGenerator<StreamEvent>> {
  const values = await call.subscribe(answer.prepared, answer.variables(input));
  return (async function* () {
    for await (const value of values) yield answer.present(value, input) as StreamEvent; // as the kind promises
  })();
}

/** What is public is so for everyone alike: a token that is sent along changes nothing, not even a bad one. */
const callOf = ({ access }: Route, request: FastifyRequest, reply: FastifyReply): Call =>
  httpCall(request, reply, access === "public" ? undefined : request.headers.authorization);
