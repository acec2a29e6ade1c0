// The console of a function: each call is one event of the log, in Lambda's text or JSON format.
import fs from 'node:fs';
import { format } from 'node:util';

import { describe, isError } from './errors.mjs';

const jsonLogs = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const found = levels.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO').toUpperCase());
const lowest = jsonLogs ? (found < 0 ? levels.indexOf('INFO') : found) : 0;

let requestId;

export function setLogRequestId(id) {
  requestId = id;
}

// All of it and now, so that nothing is lost when the process ends; the pipe may be full, and may not be blocking.
function write(line) {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const factsOf = (error) => ({
  errorType: error?.name ?? 'UnknownError',
  errorMessage: error?.message ?? 'Unknown error',
  stackTrace: typeof error?.stack === 'string' ? error.stack.split('\n') : [],
});

const replacer = (_key, value) => (isError(value) ? { ...factsOf(value), ...value } : value);

function jsonLine(level, message, parts) {
  const record = { timestamp: new Date().toISOString(), level, requestId, message };
  if (parts.length > 0) {
    record.message = format(message, ...parts);
    const error = parts.find(isError);
    if (error) Object.assign(record, factsOf(error));
    return JSON.stringify(record);
  }
  try {
    return JSON.stringify(record, replacer);
  } catch {
    return JSON.stringify({ ...record, message: format(message) });
  }
}

function log(level, message, parts) {
  if (levels.indexOf(level) < lowest) return;
  if (jsonLogs) write(jsonLine(level, message, parts));
  // Line breaks within an event become carriage returns.
  else write(`${new Date().toISOString()}\t${requestId}\t${level}\t${format(message, ...parts).replace(/\n/g, '\r')}`);
}

export function installConsole() {
  const method = (level) => (message, ...parts) => log(level, message, parts);
  console.trace = method('TRACE');
  console.debug = method('DEBUG');
  console.log = console.info = method('INFO');
  console.warn = method('WARN');
  console.error = method('ERROR');
  console.fatal = method('FATAL');
}

// An error that ends an invocation.
export function logError(kind, error) {
  if (jsonLogs) return write(jsonLine('ERROR', describe(error), []));
  let text;
  try {
    text = JSON.stringify(describe(error), (_key, value) => (isError(value) ? describe(value) : value));
  } catch {
    text = format(error);
  }
  log('ERROR', `${kind} \t${text}`, []);
}
