import mime from "mime";
import type { FastifyReply } from "fastify";
import type { Bytes } from "./route.ts";

/**
 * What an agent wrote may be a page with a script. A browser must neither show it nor guess that it is one, and
 * should it be shown all the same, it runs nothing and belongs to no origin: else it could act as who looks at it.
 */
const harmless = {
  "content-disposition": "attachment",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
} as const;

/** Sends bytes as they are, with the type that their name says. */
export const sendFile = (reply: FastifyReply, { bytes, name, headers = {} }: Bytes): FastifyReply =>
  reply
    .headers({ ...headers, ...harmless })
    .type(mime.getType(name) ?? "application/octet-stream")
    .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
