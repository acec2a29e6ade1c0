// Error documents of the Runtime API and of the log. Runtimes from nodejs24.x on have rules of their own.
import { types } from 'node:util';

export const major = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? '')?.[1] ?? 22);
export const modern = major >= 24;

// An error with Lambda's own type.
export class Fault extends Error {
  constructor(type, reason) {
    super(reason);
    Object.defineProperty(this, 'name', { value: type, configurable: true, writable: true });
    Error.captureStackTrace(this, Fault);  // so that the stack opens with that name
  }
}

const looksLikeError = (value) =>
  Boolean(value && [value.name, value.message, value.stack].every((part) => typeof part === 'string' && part));
const isError = (value) =>
  modern ? value instanceof Error : types.isNativeError(value) || looksLikeError(value);

const clean = (text) => text?.replaceAll('\x7F', '%7F');

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
      ...(modern && { trace: [] }),
    };
  }
}

const typeHeader = (type) => ({
  'Content-Type': 'application/json',
  'Lambda-Runtime-Function-Error-Type': String(type).replace(/[^\x21-\x7e]/g, '?'),
});
export const initHeadersOf = ({ errorType }) => typeHeader(errorType);
export const headersOf = ({ errorType }) =>
  typeHeader(/^(Runtime|Function)\./.test(errorType) ? errorType : `Function.${errorType}`);

// What the log shows of an error that ended an invocation, as text: its facts, its own properties, its stack.
export function describe(error) {
  const facts = (value) => {
    if (!(value instanceof Error)) return value;
    const { name: errorType, message: errorMessage, code, stack } = value;
    const shown = { errorType, errorMessage, code, ...value };
    return typeof stack === 'string' ? { ...shown, stack: stack.split('\n') } : shown;
  };
  try {
    return JSON.stringify(error, (_key, value) => facts(value));
  } catch {
    return JSON.stringify(documentOf(error));
  }
}
