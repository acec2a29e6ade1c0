// Required before the bootstrap by `kiln profile`: samples where JavaScript spends its CPU time, with V8's own profiler.
// KILN_PROFILE names the file for the folded stacks: "outer;inner COUNT" for each.
'use strict';
const { renameSync, writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const { basename } = require('node:path');
const { isMainThread } = require('node:worker_threads');

const FILE = process.env.KILN_PROFILE;
const session = new Session();
session.connect();
const post = (method, params) => {
  let answer;
  session.post(method, params, (error, result) => { answer = result; });  // calls back before it returns
  return answer;
};
const stacks = new Map();

// The bootstrap's, Node's own and V8's, such as "(idle)"; its garbage collector works for the function.
const isScaffold = ({ functionName, url }) =>
  url.startsWith('node:') || url.includes('/var/runtime/') || url.includes('/runtimes/nodejs/') || (!url && functionName !== '(garbage collector)');

function nameOf({ functionName, url, lineNumber }) {
  const place = url ? ` (${basename(url)}:${lineNumber + 1})` : '';
  return `${functionName || '(anonymous)'}${place}`.replaceAll(';', ':').replaceAll('\n', ' ');
}

function fold({ nodes }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const walk = (node, names) => {
    const here = isScaffold(node.callFrame) ? names : [...names, nameOf(node.callFrame)];
    if (node.hitCount && here.length) {
      const stack = here.join(';');
      stacks.set(stack, (stacks.get(stack) ?? 0) + node.hitCount);
    }
    for (const child of node.children ?? []) walk(byId.get(child), here);
  };
  walk(nodes[0], []);
}

function write() {
  fold(post('Profiler.stop').profile);
  post('Profiler.start');
  if (stacks.size === 0) return;
  writeFileSync(`${FILE}.new`, [...stacks].map(([stack, count]) => `${stack} ${count}\n`).join(''));
  renameSync(`${FILE}.new`, FILE);
}

// Node.js's thread that loads modules, and the function's workers, require this, too.
if (isMainThread) {
  post('Profiler.enable');
  post('Profiler.setSamplingInterval', { interval: 500 });
  post('Profiler.start');
  setInterval(write, 150).unref();
}
