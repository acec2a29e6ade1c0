// The bootstrap of the managed runtimes nodejs*: loads the handler and answers events over the Runtime API.
// Node's built-ins only.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { format } from 'node:util';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const taskRoot = process.env.LAMBDA_TASK_ROOT ?? '/var/task';
const jsonLogs = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let requestId;

// ---- The Runtime API

function open(method, name, headers, onResponse) {
  const request = http.request(
    { host, port, agent, method, path: `/2018-06-01/runtime/${name}`, headers, timeout: 0 }, onResponse);
  request.setNoDelay(true);
  return request;
}

function call(method, name, body = '', headers = {}) {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const request = open(method, name, { ...headers, 'Content-Length': bytes.length }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(bytes);
  });
}

// ---- Logs

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const lowest = jsonLogs ? Math.max(0, levels.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? 'TRACE')) : 0;

function write(line) {
  fs.writeSync(1, line + '\n');
}

function installConsole() {
  const log = (level) => (...parts) => {
    if (levels.indexOf(level) < lowest) return;
    const timestamp = new Date().toISOString();
    if (jsonLogs) {
      const message = parts.length === 1 && typeof parts[0] === 'object' && !(parts[0] instanceof Error) ? parts[0] : format(...parts);
      const record = { timestamp, level, requestId, message };
      const error = parts.find((part) => part instanceof Error);
      if (error) Object.assign(record, { errorType: error.name, errorMessage: error.message, stackTrace: stackOf(error) });
      let line;
      try {
        line = JSON.stringify(record);
      } catch {
        line = JSON.stringify({ ...record, message: format(...parts) });
      }
      return write(line);
    }
    // One call is one event: line breaks within it become carriage returns.
    write(`${timestamp}\t${requestId}\t${level}\t${format(...parts).replace(/\n/g, '\r')}`);
  };
  Object.assign(console, { trace: log('TRACE'), debug: log('DEBUG'), info: log('INFO'), log: log('INFO'), warn: log('WARN'), error: log('ERROR'), fatal: log('FATAL') });
}

// ---- Errors

class Fault extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

const stackOf = (error) => String(error.stack ?? error).split('\n');

function documentOf(error) {
  if (error instanceof Error)
    return { errorType: error.name, errorMessage: error.message, trace: stackOf(error) };
  return { errorType: typeof error, errorMessage: typeof error === 'object' ? JSON.stringify(error) : String(error), trace: [] };
}

function headersOf(document) {
  const type = /^(Runtime|Function)\./.test(document.errorType) ? document.errorType : `Function.${document.errorType}`;
  return { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': type.replace(/[^\x20-\x7e]/g, '?') };
}

function logError(kind, document) {
  if (jsonLogs)
    return write(JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', requestId, message: { ...document, stack: document.trace } }));
  write(`${new Date().toISOString()}\t${requestId}\tERROR\t${kind}\t${JSON.stringify({ ...document, stack: document.trace, trace: undefined })}`);
}

async function report(error) {
  const document = documentOf(error);
  logError('Invoke Error', document);
  await call('POST', `invocation/${requestId}/error`, JSON.stringify(document), headersOf(document));
}

// What escapes a handler ends the process, after the request in hand has been answered.
function dieWith(code, makeError) {
  return async (reason) => {
    try {
      const error = makeError(reason);
      if (requestId) await report(error);
      else await reportInit(error);
    } finally {
      process.exit(code);
    }
  };
}

async function reportInit(error) {
  const document = documentOf(error);
  logError('Uncaught Exception', document);
  await call('POST', 'init/error', JSON.stringify(document), headersOf(document));
}

// ---- The handler

const streaming = Symbol('streaming');

globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [streaming]: true }),
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.write(JSON.stringify(metadata));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

async function loadModule(base, name) {
  const missing = () => new Fault('Runtime.ImportModuleError', `Error: Cannot find module '${name}'`);
  const candidates = [base, `${base}.js`, `${base}.mjs`, `${base}.cjs`];
  const file = candidates.find((candidate) => fs.existsSync(candidate) && fs.statSync(candidate).isFile());
  try {
    if (file === undefined) {
      // A package or a folder with an index.
      return createRequire(`${taskRoot}/`)(base);
    }
    if (file.endsWith('.cjs') || file === base) return createRequire(`${taskRoot}/`)(file);
    return await import(pathToFileURL(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`);
    if (file === undefined && error.code === 'MODULE_NOT_FOUND') throw missing();
    if (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND')
      throw new Fault('Runtime.ImportModuleError', `Error: ${error.message}`);
    throw error;
  }
}

async function loadHandler(name) {
  const folder = path.dirname(name);
  const [file, ...members] = path.basename(name).split('.');
  if (!file || members.length === 0) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  if (name.includes('..')) throw new Fault('Runtime.MalformedHandlerName', `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const module = await loadModule(path.resolve(taskRoot, folder, file), file);
  const find = (from) => members.reduce((at, member) => at?.[member], from);
  const handler = find(module) ?? find(module.default);
  if (handler === undefined) throw new Fault('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new Fault('Runtime.HandlerNotFound', `${name} is not a function`);
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parse = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    awsRequestId: requestId,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse('lambda-runtime-client-context'),
    identity: parse('lambda-runtime-cognito-identity'),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// A callback handler's result. It may wait for the event loop to empty, but ours never does: the answer is what counts.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error === null || error === undefined ? resolve(result) : reject(error));
    Object.assign(context, { done: callback, succeed: resolve, fail: reject });
    const result = handler(event, context, callback);
    if (typeof result?.then === 'function') result.then(resolve, reject);
    else if (handler.length < 3) resolve(result);
  });
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch (error) {
    throw new Fault('Runtime.MarshalError', `Unable to stringify response body: ${error.message}`);
  }
}

class ResponseStream extends Writable {
  constructor() {
    super({ highWaterMark: 64 * 1024 });
    this.contentType = 'application/octet-stream';
    this.answered = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }
  setContentType(type) {
    this.contentType = type;
  }
  begin() {
    this.request ??= open('POST', `invocation/${requestId}/response`, {
      'Content-Type': this.contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    }, (response) => response.resume().on('end', this.resolve)).on('error', this.reject);
    return this.request;
  }
  _write(chunk, encoding, done) {
    this.begin().write(chunk, encoding, done);
  }
  _final(done) {
    this.begin().end(done);
  }
  fail(document) {
    this.begin().addTrailers({
      'Lambda-Runtime-Function-Error-Type': headersOf(document)['Lambda-Runtime-Function-Error-Type'],
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(document)).toString('base64'),
    });
    this.request.end();
  }
}

async function stream(handler, event, context) {
  const out = new ResponseStream();
  try {
    await handler(event, out, context);
    if (!out.writableEnded) out.end();
  } catch (error) {
    if (!out.request) throw error;
    const document = documentOf(error);
    logError('Invoke Error', document);
    out.fail(document);
  }
  await out.answered;
}

async function main() {
  installConsole();
  process.on('uncaughtException', dieWith(129, (error) => error));
  process.on('unhandledRejection', dieWith(128, (reason) => {
    const fault = new Fault('Runtime.UnhandledPromiseRejection', reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason));
    return fault;
  }));
  let handler;
  try {
    handler = await loadHandler(process.env._HANDLER ?? '');
  } catch (error) {
    await reportInit(error);
    process.exit(1);
  }
  for (;;) {
    const next = await call('GET', 'invocation/next');
    if (next.status !== 200) throw new Error(`the Runtime API answered ${next.status} to next`);
    requestId = next.headers['lambda-runtime-aws-request-id'];
    if (next.headers['lambda-runtime-trace-id']) process.env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'];
    const context = contextOf(next.headers);
    try {
      const event = JSON.parse(next.body.toString('utf8'));
      if (handler[streaming]) await stream(handler, event, context);
      else await call('POST', `invocation/${requestId}/response`, stringify(await run(handler, event, context)), { 'Content-Type': 'application/json' });
    } catch (error) {
      await report(error);
    }
  }
}

main();
