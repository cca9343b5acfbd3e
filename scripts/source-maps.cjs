"use strict";

// Stack traces name the lines of the gateway's own source. With --enable-source-maps Node would keep the maps and
// sources of every library in memory too.
const { setSourceMapsSupport } = require("module");

setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
