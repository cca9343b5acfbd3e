import { commentary } from "./items.ts";

/*
 * The kind EXTERNAL: nothing runs in the gateway. The response stays pending until a program outside,
 * with a token for the agent, takes it, appends items and finishes it through the API. So there is no
 * `Engine` to create here.
 */

/** What people read who did not choose EXTERNAL but got it because no model key was found. */
export const NO_MODEL_KEY_TEXT =
  "No model key was found, so this response waits for an external worker. To let a model answer, set " +
  "ANTHROPIC_API_KEY or OPENAI_API_KEY in the gateway's environment, or as a secret of the agent or its space. " +
  'To run responses as shell commands, choose the engine SHELL (over REST: metadata.engine "shell").';

/** The first item of a response whose engine `auto` became EXTERNAL for want of a model key. */
export const noModelKeyItem = commentary(NO_MODEL_KEY_TEXT);
