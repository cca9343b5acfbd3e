import { z } from "zod";
import { wholeNumber } from "./values.ts";
import { type Described, variable } from "./variable.ts";

/** Where the code of space agents comes from, and what a build of it may use. */
export const buildVariables = {
  RAWORC_GIT_BASE_URL: variable(
    z
      .string()
      .regex(/^(https?|ssh|git|file):\/\/.*\/$/)
      .default("https://github.com/"),
    "a URL that ends with / (default https://github.com/)",
    "where repositories given as Owner/repo are",
  ),
  RAWORC_GIT_PROTOCOLS: variable(
    z
      .string()
      .regex(/^(https|http|ssh|git|file)(:(https|http|ssh|git|file))*$/)
      .default("https:ssh")
      .transform((names) => names.split(":")),
    "https, ssh, http, git and file, joined by : (default https:ssh)",
    "how repositories may be fetched",
  ),
  RAWORC_GIT_HOSTS: variable(
    z
      .string()
      .regex(/^[A-Za-z0-9.-]+(,[A-Za-z0-9.-]+)*$/)
      .transform((names) => names.toLowerCase().split(","))
      .optional(),
    "names of hosts, joined by , (default: every host)",
    "where repositories may be; what is below the base may be fetched in any case",
  ),
  RAWORC_GIT_MAX_MB: variable(
    wholeNumber(1, 1_048_576, 200),
    "1 to 1048576 (default 200)",
    "the largest repository, packed and as files",
  ),
  RAWORC_BUILD_NETWORK: variable(
    z.enum(["none", "egress"]).default("egress"),
    "none or egress (default egress)",
    "the network of the commands that build an image",
  ),
  RAWORC_BUILD_SECONDS: variable(
    wholeNumber(1, 86_400, 900),
    "1 to 86400 (default 900)",
    "how long one build may take",
  ),
  RAWORC_BUILD_MAX_MB: variable(
    wholeNumber(1, 1_048_576, 2048),
    "1 to 1048576 (default 2048)",
    "what a build may add to its image",
  ),
  RAWORC_MAX_BUILDS: variable(wholeNumber(1, 1000, 2), "1 to 1000 (default 2)", "how many builds run at once"),
} satisfies Record<string, Described>;
