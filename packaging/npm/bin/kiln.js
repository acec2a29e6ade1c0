#!/usr/bin/env node
// Starts the program that the package brings, in its place: same arguments, same streams, same end.
'use strict';
const {spawn} = require('node:child_process');
const path = require('node:path');

const program = path.join(__dirname, '..', 'kiln', 'bin', 'kiln');
const child = spawn(program, process.argv.slice(2), {stdio: 'inherit'});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`kiln: can't start ${program}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
