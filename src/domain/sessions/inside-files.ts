import { isAllowed } from "../../auth/policy.ts";
import { conflict } from "../../errors.ts";
import { forbidden, requirePrincipal } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import type { Context } from "../../graphql/context.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { File, FilePage, fileArgs, folderArgs, folderCost, readFile, readFolder } from "../computers/file-schema.ts";
import { type Inside, openInside } from "../computers/inside.ts";
import { targetOf } from "./access.ts";

builder.prismaObjectFields("Session", (t) => ({
  files: t.field({
    type: FilePage,
    complexity: folderCost,
    description: "What is in a folder of the session's computer. CONFLICT while it rests.",
    args: folderArgs,
    resolve: async (session, args, context) => readFolder(insideOf(context, session), args),
  }),
  file: t.field({
    type: File,
    complexity: 100,
    description: "One file or folder of the session's computer. CONFLICT while it rests.",
    args: fileArgs,
    resolve: async (session, { path }, context) => readFile(insideOf(context, session), path),
  }),
}));

/**
 * What is inside a session's computer, for those who may read its files.
 *
 * @throws FORBIDDEN, CONFLICT while the session rests: looking at its files does not resume it.
 */
function insideOf(context: Context, session: Session): Inside {
  const principal = requirePrincipal(context);
  // Whoever gets here sees the session, and is not told that it is missing.
  if (!isAllowed(principal, "get", "files", targetOf(session))) throw forbidden(principal.user, "files:get");
  if (session.state === "PAUSED" || session.state === "SUSPENDED" || session.state === "CLOSED") {
    const verb = session.state === "CLOSED" ? "restore" : "resume";
    throw conflict(`Session "${session.id}" is ${session.state}; ${verb} it first`, { state: session.state });
  }
  return openInside(context.gateway, session.computerId, context.signal);
}
