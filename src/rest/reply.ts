import { hash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Memory } from "../events/remember.ts";
import { Shown } from "../graphql/shown.ts";
import { sendFile } from "./file.ts";
import type { Answer, Bytes, Input, Page, Route } from "./route.ts";

/** What a reply is made of. */
interface Made {
  readonly route: Route;
  /** The answer of the route that was asked for. */
  readonly answer: Answer;
  readonly input: Input;
  readonly memory: Pick<Memory, "derive">;
}

/** Replies with what the root field of a document gave, in the way that the route says. */
export function sendReply(request: FastifyRequest, reply: FastifyReply, got: unknown, made: Made): FastifyReply {
  const { route } = made;
  reply.header("cache-control", route.method === "GET" ? "private, no-cache" : "no-store");
  if (route.isList) return sendList(reply, got as Page, made); // listRoute takes nothing else
  if (route.reply.kind === "json") return sendObject(request, reply, got, made);
  const body = presented(got, made, (one) => one);
  if (route.reply.kind === "text") return reply.type("text/plain; charset=utf-8").send(body);
  if (route.reply.kind === "bytes") return sendFile(reply, body as Bytes); // as the kind promises
  return reply.send();
}

function sendList(reply: FastifyReply, { items, total }: Page, made: Made): FastifyReply {
  const { limit, offset } = made.input.query as { limit: number; offset: number }; // listRoute adds them
  reply.headers({ "x-total-count": total, "x-page-limit": limit, "x-page-offset": offset });
  return sendText(reply, `[${items.map((one) => presented(one, made, JSON.stringify)).join(",")}]`);
}

function sendObject(request: FastifyRequest, reply: FastifyReply, got: unknown, made: Made): FastifyReply {
  if (made.route.method !== "GET") return sendText(reply, presented(got, made, JSON.stringify));
  const { text, tag } = presented(got, made, tagged);
  reply.header("etag", tag);
  return names(request.headers["if-none-match"], tag) ? reply.code(304).send() : sendText(reply, text);
}

/** Presents one thing and writes it. Of a remembered row this is done once, unless the input has a part in it. */
function presented<T>(got: unknown, { answer, input, memory }: Made, write: (presented: unknown) => T): T {
  const { present } = answer;
  if (!(got instanceof Shown)) return write(present.make(got, input));
  const { row, selection } = got;
  const make = () => write(present.make(selection.dataOf(row), input));
  return present.of === "data" ? memory.derive(row, answer, make) : make();
}

function tagged(object: unknown): { readonly text: string; readonly tag: string } {
  const text = JSON.stringify(object);
  return { text, tag: `"${hash("sha256", text, "base64url").slice(0, 27)}"` };
}

const sendText = (reply: FastifyReply, text: string) => reply.type("application/json; charset=utf-8").send(text);

/** Whether `If-None-Match` names the tag; a weak one of the same letters is as good (RFC 9110, 13.1.2). */
const names = (header: string | undefined, tag: string): boolean =>
  header !== undefined && header.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);
