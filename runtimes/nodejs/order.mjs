// Where Node.js was started ahead, in a sandbox of its own, so that it and the bootstrap are ready when a function needs
// them: waits to be told whom this process serves. What comes is its environment, NAME=value with a NUL behind each.
import fs from 'node:fs';

function readAll(fd) {
  const chunks = [];
  for (;;) {
    const chunk = Buffer.alloc(65536);
    const size = fs.readSync(fd, chunk);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, size));
  }
}

// Puts the environment where others look for it: into this process's /proc/PID/environ.
function show(order) {
  const fields = fs.readFileSync('/proc/self/stat', 'latin1').replace(/^.*\) /s, '').split(' ');
  const start = Number(fields[47]);
  const space = Buffer.alloc(Number(fields[48]) - start);  // there is a variable that makes room
  if (order.length > space.length) return;
  order.copy(space);
  const fd = fs.openSync('/proc/self/mem', 'r+');
  fs.writeSync(fd, space, 0, space.length, start);
  fs.closeSync(fd);
}

function takeOrder(fd) {
  const order = readAll(fd);
  const variables = order.toString().split('\0').slice(0, -1);
  fs.closeSync(fd);
  if (variables.length === 0) process.exit(0);  // nobody
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const variable of variables) {
    const middle = variable.indexOf('=');
    process.env[variable.slice(0, middle)] = variable.slice(middle + 1);
  }
  process.chdir(process.env.LAMBDA_TASK_ROOT);  // which was not there before
  try {
    show(order);
  } catch {
    // no /proc
  }
}

if (process.env.KILN_ORDER_FD !== undefined) takeOrder(Number(process.env.KILN_ORDER_FD));
