import type { FastifyInstance } from "fastify";
import type { Gateway } from "../gateway.ts";
import type { Yoga } from "../graphql/yoga.ts";

/** Mounts the REST API under `/api/v0`. */
export function registerRest(_app: FastifyInstance, _gateway: Gateway, _yoga: Yoga): void {}
