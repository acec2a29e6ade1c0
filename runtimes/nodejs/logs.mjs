// The console of a function: each call is one event of the log, in Lambda's text or JSON format.
import fs from 'node:fs';
import { format } from 'node:util';

import { describe, modern } from './errors.mjs';

const { fstatSync, writeSync } = fs;
const jsonLogs = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const lowest = Math.max(0, levels.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()));
// Where whole events go, each behind a header, so that line breaks within one don't make it several.
const framesFd = process.env._LAMBDA_TELEMETRY_LOG_FD;
delete process.env._LAMBDA_TELEMETRY_LOG_FD;

// Which file the function prints to, as it may put one of its own there.
function output() {
  try {
    const { dev, ino } = fstatSync(1);
    return `${dev}:${ino}`;
  } catch {
    return undefined; // it has closed its output
  }
}
const logFile = output();

const requestIdKey = Symbol.for('aws.lambda.runtime.requestId');
let requestId = modern ? '-' : undefined;

export function setLogRequestId(id) {
  requestId = globalThis[requestIdKey] = id;
}

// All of it and now, so that nothing is lost when the process ends; the pipe may be full, and may not be blocking.
function writeAll(fd, bytes) {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function writeEvent(level, text) {
  // A line is an event of its own, and whoever reads a function's own file knows of no headers.
  if (framesFd === undefined || !text.includes('\n') || output() !== logFile)
    return writeAll(1, Buffer.from(`${text.replaceAll('\n', '\r')}\n`));
  const message = Buffer.from(jsonLogs ? text : `${text}\n`);
  const frame = Buffer.alloc(16 + message.length);
  frame.writeUInt32BE(((jsonLogs ? 0xa55a0002 : 0xa55a0003) | ((levels.indexOf(level) + 1) << 2)) >>> 0, 0);
  frame.writeUInt32BE(message.length, 4);
  frame.writeBigInt64BE(BigInt(Date.now()) * 1000n, 8);
  message.copy(frame, 16);
  writeAll(Number(framesFd), frame);
}

const factsOf = (error) => ({
  errorType: error.constructor?.name ?? 'UnknownError',
  errorMessage: error.message,
  stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : error.stack,
});

const replacer = (_key, value) => (value instanceof Error ? { ...factsOf(value), ...value } : value);

function jsonLine(level, message, parts) {
  const record = { timestamp: new Date().toISOString(), level, requestId, message };
  if (parts.length > 0) {
    record.message = format(message, ...parts);
    const error = (modern ? parts : [message, ...parts]).find((part) => part instanceof Error);
    if (error) Object.assign(record, factsOf(error), typeof error.stack !== 'string' && { stackTrace: [] });
    return JSON.stringify(record);
  }
  try {
    return JSON.stringify(record, replacer);
  } catch {
    return JSON.stringify({ ...record, message: format(message) });
  }
}

function log(level, message, parts) {
  if (jsonLogs) writeEvent(level, jsonLine(level, message, parts));
  else writeEvent(level, `${new Date().toISOString()}\t${requestId}\t${level}\t${format(message, ...parts)}`);
}

export function installConsole() {
  const nothing = () => {};
  for (const [index, level] of levels.entries()) {
    const method = (message, ...parts) => log(level, message, parts);
    console[level.toLowerCase()] = index >= lowest || level === 'FATAL' ? method : nothing;
  }
  console.log = console.info;
}

// An error that ends an invocation. By console.error, as in Lambda, where a function may have replaced it.
export function logError(kind, error) {
  const whole = error instanceof Error ? error : new Error(modern ? String(error) : error);
  if (jsonLogs) console.error(whole);
  else console.error(kind, `\t${describe(whole)}`);
}
