"use strict";

// What libraries load at once and the gateway never calls is not loaded: the Docker library's way to talk to BuildKit,
// and its way to an engine over SSH where none is configured.
const Module = require("module");

const unused = ["@grpc/grpc-js", "@grpc/proto-loader"];
if (!process.env.DOCKER_HOST?.startsWith("ssh:")) unused.push("ssh2");

for (const name of unused) {
  const file = require.resolve(name);
  require.cache[file] = Object.assign(new Module(file), { loaded: true });
}
