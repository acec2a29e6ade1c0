// Finds and loads the function that a handler's name means, in the order that Lambda looks for it.
import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';

import { Fault, modern } from './errors.mjs';

export const streamingMark = Symbol.for('aws.lambda.runtime.handler.streaming');
export const waterMark = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
// Lambda's own loader is this file: it stands in the require stack of what isn't found.
const require = createRequire(path.join(process.env.LAMBDA_RUNTIME_DIR ?? '/var/runtime', 'index.mjs'));

function installGlobals() {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = {
    ...(modern && globalThis.awslambda),
    streamifyResponse(handler, options) {
      handler[streamingMark] = 'response';
      if (typeof options?.highWaterMark === 'number') handler[waterMark] = Math.trunc(options.highWaterMark);
      return handler;
    },
    HttpResponseStream: class HttpResponseStream {
      // The metadata goes out before the first byte of the body, set apart by eight zero bytes.
      static from(stream, metadata) {
        stream.setContentType('application/vnd.awslambda.http-integration-response');
        const prelude = JSON.stringify(metadata);
        stream._onBeforeFirstWrite = (write) => {
          write(prelude);
          write(new Uint8Array(8));
        };
        return stream;
      }
    },
  };
}

const realPath = (name) => {
  try {
    return fs.realpathSync(name);
  } catch {
    return undefined;
  }
};

// ES modules don't look at NODE_PATH. Where its folders are not seen as node_modules of a parent folder of the
// package, as they are in a sandbox, hooks find them.
async function openModuleFolders(root) {
  const folders = (process.env.NODE_PATH ?? '').split(':').filter((name) => name.endsWith('/node_modules') && realPath(name));
  if (folders.length === 0) return;
  const links = new Map();
  for (let at = path.dirname(root); ; at = path.dirname(at)) {
    const name = path.join(at, 'node_modules');
    const real = realPath(name);
    if (real !== undefined && real !== name) links.set(name, real);
    if (at === path.dirname(at)) break;
  }
  // require has NODE_PATH, in its order, and no need of the links.
  const original = Module._nodeModulePaths;
  if (links.size > 0) Module._nodeModulePaths = (from) => original(from).filter((name) => !links.has(name));
  const reached = new Set(links.values());
  if (folders.every((name) => reached.has(realPath(name)))) return;
  const { install } = await import('./module_hooks.mjs');
  install({ folders, linked: [...reached] });
}

// Larger bundles, and more files of them, are not searched: each is read before the function starts.
const MOST_BYTES = 33_554_432;
const MOST_FILES = 64;
// What a file loads from beside it: import './a.mjs', from './a.mjs', import('./a.mjs'), require('./a').
const BESIDE = /(?:from|import|require)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g;

// Whether a bundler put an AWS SDK into the handler's file, or one that it loads: the name that it gives itself is there.
function isBundleWithSdk(base) {
  const files = new Set([base]);
  let bytes = 0;
  for (const file of files) {
    for (const extension of ['', '.js', '.mjs', '.cjs']) {
      let text;
      try {
        text = fs.readFileSync(file + extension, 'latin1');
      } catch {
        continue;  // Not there, or a folder.
      }
      if (text.includes('aws-sdk-js') || text.includes('aws-sdk-nodejs')) return true;
      bytes += text.length;
      if (bytes > MOST_BYTES) return false;
      for (const [, name] of text.matchAll(BESIDE))
        if (files.size < MOST_FILES) files.add(path.resolve(path.dirname(file), name));
      break;
    }
  }
  return false;
}

// Where there is an AWS SDK of the package's or a layer's own, which may be too old to read AWS_ENDPOINT_URL.
async function openOldSdk(root, base) {
  const folders = [path.join(root, 'node_modules'), '/opt/nodejs/node_modules'];
  if (folders.some((name) => find(path.join(name, 'aws-sdk')) || find(path.join(name, '@aws-sdk'))))
    (await import('./old_sdk.mjs')).install();
  else if (isBundleWithSdk(base)) (await import('./bundled_sdk.mjs')).install();
}

// Whether the nearest package.json says that .js files are ES modules.
function isModulePackage(folder) {
  if (path.basename(folder) === 'node_modules') return false;
  const name = path.join(folder, 'package.json');
  if (fs.existsSync(name)) {
    try {
      return JSON.parse(fs.readFileSync(name, 'utf8')).type === 'module';
    } catch (error) {
      console.warn(`${name} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const parent = path.dirname(folder);
  return parent === folder ? false : isModulePackage(parent);
}

const find = (name) => (fs.existsSync(name) ? name : undefined);

async function loadModule(root, folder, name) {
  const base = path.resolve(root, folder, name);
  if (modern) {
    for (const extension of ['', '.js', '.mjs', '.cjs'])
      if (find(base + extension)) return import(base + extension);
  } else {
    let file;
    if ((file = find(base))) return require(file);  // also a folder with an index.js
    if ((file = find(`${base}.js`))) return isModulePackage(path.dirname(file)) ? import(file) : require(file);
    if ((file = find(`${base}.mjs`))) return import(file);
    if ((file = find(`${base}.cjs`))) return require(file);
  }
  // A package.
  return require(require.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

function memberOf(module, members) {
  const step = modern
    ? (at, member) => (at && typeof at === 'object' ? at[member] : undefined)
    : (at, member) => at && at[member];
  return members.split('.').reduce(step, module);
}

const CALLBACK_REFUSED =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
  'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';
const CALLBACK_WARNING =
  'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You will need to ' +
  'update this function to use an async handler to use Node.js 24 or later. For more information and to provide ' +
  'feedback on this change, see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137. To ' +
  'disable this warning, set the AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.';

function checkSignature(handler) {
  if (handler[streamingMark]) {
    if (handler[streamingMark] !== 'response')
      throw new Fault('Runtime.MalformedStreamingHandler', 'Only response streaming is supported.');
  } else if (modern) {
    if (handler.length >= 3) throw new Fault('Runtime.CallbackHandlerDeprecated', CALLBACK_REFUSED);
  } else if (handler.length === 3 && handler.constructor?.name !== 'AsyncFunction' &&
             process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING === undefined) {
    console.warn(CALLBACK_WARNING);
  }
}

export async function loadHandler(root, name) {
  if (name.includes('..'))
    throw new Fault('Runtime.MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const file = path.basename(name);
  const folder = name.slice(0, name.indexOf(file));
  const [, stem, members] = /^([^.]*)\.(.*)$/.exec(file) ?? [];
  if (members === undefined) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  installGlobals();
  let module;
  try {
    await openModuleFolders(root);
    await openOldSdk(root, path.resolve(root, folder, stem));
    module = await loadModule(root, folder, stem);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const fault = new Fault('Runtime.UserCodeSyntaxError', error);
      if (modern) fault.stack = error.stack;
      throw fault;
    }
    if (/'@aws-sdk\//.test(error?.message))
      console.warn('The AWS SDK for JavaScript is part of Lambda\'s runtime, but not of this machine: install it (npm install -g), or package it.');
    if (error?.code === 'MODULE_NOT_FOUND') throw new Fault('Runtime.ImportModuleError', error);
    throw error;
  }
  let handler = memberOf(module, members);
  if (modern && !handler) handler = memberOf(module?.default, members);
  if (!handler) throw new Fault('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new Fault('Runtime.HandlerNotFound', `${name} is not a function`);
  checkSignature(handler);
  return handler;
}
