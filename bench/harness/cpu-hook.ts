import { createServer } from "node:net";

// Preloaded into every contestant alike: whoever connects to BENCH_CPU_SOCKET is told `process.cpuUsage()`.
const path = process.env["BENCH_CPU_SOCKET"];
if (path) {
  // Programs that this one starts are not measured by themselves.
  delete process.env["BENCH_CPU_SOCKET"];
  delete process.env["NODE_OPTIONS"];
  createServer((socket) => socket.end(JSON.stringify(process.cpuUsage())))
    .listen(path)
    .unref();
}
