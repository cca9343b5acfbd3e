import { rowsOf } from "../../events/remembered.ts";
import type { Context } from "../../graphql/context.ts";
import { type MaybePromise, rememberedOne, whenThere } from "../../graphql/remembered.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { inOrderOf } from "../../store/nested-pages.ts";
import { computerStream } from "./computer.ts";

const computers = rowsOf<Computer>("computer", { keyOf: ({ id }) => id, topics: ({ id }) => [computerStream(id)] });

/**
 * The computer of that id; those of one call are read together.
 *
 * @throws {Error} when there is none: what has one keeps it as long as it is there.
 */
export const computerById = (context: Context, id: string): MaybePromise<Computer> =>
  whenThere(
    rememberedOne(context, computers, id, async (ids) =>
      inOrderOf(ids, await context.gateway.store.computer.findMany({ where: { id: { in: [...ids] } } })),
    ),
    (computer) => {
      if (!computer) throw new Error(`computer ${id} is gone while something has it`);
      return computer;
    },
  );
