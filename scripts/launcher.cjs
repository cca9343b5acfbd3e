"use strict";

// `node scripts/launcher.cjs`: prints a shell script that runs what is built here, and sets nothing up; for images.
const { gatewayCommand } = require("./gateway-command.cjs");

const quoted = (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`;
const settings = Object.entries(gatewayCommand.env).map(([name, value]) => `: "\${${name}:=${value}}"; export ${name}`);
const command = `exec node ${gatewayCommand.args.map(quoted).join(" ")} "$@"`;

process.stdout.write(`${["#!/bin/sh", ...settings, command].join("\n")}\n`);
