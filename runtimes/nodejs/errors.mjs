// Error documents of the Runtime API and of the log.
import { types } from 'node:util';

// An error with Lambda's own type.
export class Fault extends Error {
  constructor(type, reason) {
    super(reason);
    Object.defineProperty(this, 'name', { value: type, configurable: true, writable: true });
    Error.captureStackTrace(this, Fault);  // so that the stack opens with that name
  }
}

export const isError = (value) =>
  types.isNativeError(value) ||
  Boolean(value && [value.name, value.message, value.stack].every((part) => typeof part === 'string' && part));

const clean = (text) => text?.replace(/\x7F/g, '%7F');

export function documentOf(error) {
  try {
    if (isError(error))
      return { errorType: clean(error.name), errorMessage: clean(error.message), trace: clean(error.stack).split('\n') };
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its ' +
        'message, name, and stack',
      trace: [],
    };
  }
}

export function headersOf(document) {
  const name = String(document.errorType).replace(/[^\x21-\x7e]/g, '?');
  return {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Function-Error-Type': /^(Runtime|Function)\./.test(name) ? name : `Function.${name}`,
  };
}

// How the log shows an error: its facts first, then its own properties.
export function describe(error) {
  const { errorType, errorMessage, trace } = documentOf(error);
  const own = isError(error) ? { ...error } : {};
  for (const name of ['name', 'message', 'stack']) delete own[name];
  if (isError(own.reason)) own.reason = describe(own.reason);
  return { errorType, errorMessage, ...own, stack: trace };
}
