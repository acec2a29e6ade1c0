// ES modules out of NODE_PATH's folders. Loaded only where they can't be reached otherwise: before Node.js 22.15 the
// hooks need a thread of their own, which costs a cold start 40 ms.
import module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

let folders = [];
let linked = [];

export function initialize(data) {
  ({ folders, linked } = data);
}

// Each folder is searched as if a file beside it imported.
const candidates = (context) =>
  folders.map((folder) => ({ ...context, parentURL: String(pathToFileURL(path.join(path.dirname(folder), 'importer.mjs'))) }));

// Whether NODE_PATH has a say: nothing was found, or only by way of a link above the package.
function searchesOn(specifier, { found, failure }) {
  if (/^(\.{0,2}\/|#|[a-z][a-z+.-]*:)/i.test(specifier)) return false;
  if (failure) return failure.code === 'ERR_MODULE_NOT_FOUND';
  return linked.some((folder) => found.url.startsWith(`${pathToFileURL(folder)}/`));
}

function outcome({ found, failure }) {
  if (found) return found;
  throw failure;
}

export async function resolve(specifier, context, next) {
  const attempt = async (at) => {
    try {
      return { found: await next(specifier, at) };
    } catch (failure) {
      return { failure };
    }
  };
  const first = await attempt(context);
  if (!searchesOn(specifier, first)) return outcome(first);
  for (const candidate of candidates(context)) {
    const other = await attempt(candidate);
    if (other.found) return other.found;
  }
  return outcome(first);
}

function resolveSync(specifier, context, next) {
  const attempt = (at) => {
    try {
      return { found: next(specifier, at) };
    } catch (failure) {
      return { failure };
    }
  };
  const first = attempt(context);
  if (!searchesOn(specifier, first)) return outcome(first);
  return candidates(context).map(attempt).find(({ found }) => found)?.found ?? outcome(first);
}

export function install(data) {
  initialize(data);
  if (module.registerHooks) module.registerHooks({ resolve: resolveSync });
  else module.register(import.meta.url, { data });
}
