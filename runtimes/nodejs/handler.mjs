// Finds and loads the function that a handler's name means, in the order that Lambda looks for it.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { Fault } from './errors.mjs';

export const streamingMark = Symbol.for('aws.lambda.runtime.handler.streaming');

globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [streamingMark]: 'response' }),
  HttpResponseStream: {
    // The metadata goes out before the first byte of the body, set apart by eight zero bytes.
    from(stream, metadata) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(metadata));
        write(new Uint8Array(8));
      };
      return stream;
    },
  },
};

const require = createRequire(import.meta.url);
const isFile = (name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;

// Whether the nearest package.json says that .js files are ES modules.
function isModulePackage(folder) {
  for (;;) {
    try {
      const description = fs.readFileSync(path.join(folder, 'package.json'), 'utf8');
      try {
        return JSON.parse(description).type === 'module';
      } catch {
        return false;
      }
    } catch {
      const parent = path.dirname(folder);
      if (parent === folder || path.basename(folder) === 'node_modules') return false;
      folder = parent;
    }
  }
}

async function loadModule(root, folder, name) {
  const base = path.resolve(root, folder, name);
  if (isFile(base)) return require(base);
  const modules = isModulePackage(path.dirname(base));
  if (isFile(`${base}.js`)) return modules ? import(pathToFileURL(`${base}.js`)) : require(`${base}.js`);
  if (isFile(`${base}.mjs`)) return import(pathToFileURL(`${base}.mjs`));
  if (isFile(`${base}.cjs`)) return require(`${base}.cjs`);
  // A package.
  return require(require.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

export async function loadHandler(root, name) {
  if (name.includes('..'))
    throw new Fault('Runtime.MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const file = path.basename(name);
  const folder = name.slice(0, name.lastIndexOf(file));
  const [, stem, members] = /^([^.]*)\.(.*)$/.exec(file) ?? [];
  if (!stem || !members) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  let module;
  try {
    module = await loadModule(root, folder, stem);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', error);
    if (error?.code === 'MODULE_NOT_FOUND') throw new Fault('Runtime.ImportModuleError', error);
    throw error;
  }
  const handler = members.split('.').reduce((at, member) => at?.[member], module);
  if (handler === undefined || handler === null)
    throw new Fault('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new Fault('Runtime.HandlerNotFound', `${name} is not a function`);
  return handler;
}
