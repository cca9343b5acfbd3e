"use strict";

const path = require("path");

const root = path.dirname(__dirname);

/**
 * How Node runs the gateway, so that it is small at rest; docs/decisions/memory-at-rest.md has the numbers. The
 * settings of malloc are those of glibc and mean nothing to others; one that the operator has set wins.
 */
const gatewayCommand = {
  args: [
    // Node would let short-lived objects fill 64 MB and more before it looks which of them are still needed.
    "--max-semi-space-size=2",
    "--expose-gc",
    "--require",
    path.join(root, "scripts/source-maps.cjs"),
    "--require",
    path.join(root, "scripts/unused-libraries.cjs"),
    path.join(root, "dist/main.js"),
  ],
  env: {
    // Large blocks go back to the system when they are freed: compiling alone leaves 20 MB of them.
    MALLOC_MMAP_THRESHOLD_: "65536",
    MALLOC_TRIM_THRESHOLD_: "131072",
    // What was loaded before is loaded without compiling it; it lasts as long as the build it belongs to.
    NODE_COMPILE_CACHE: path.join(root, "dist/compile-cache"),
  },
};

module.exports = { gatewayCommand };
