// The bootstrap of the managed runtimes nodejs*: loads the handler and answers events over the Runtime API.
// Node's built-ins only.
import http from 'node:http';
import { types } from 'node:util';

import { Fault, documentOf, headersOf } from './errors.mjs';
import { loadHandler, streamingMark } from './handler.mjs';
import { installConsole, logError, setLogRequestId } from './logs.mjs';

const separator = process.env.AWS_LAMBDA_RUNTIME_API.lastIndexOf(':');
const host = process.env.AWS_LAMBDA_RUNTIME_API.slice(0, separator);
const port = process.env.AWS_LAMBDA_RUNTIME_API.slice(separator + 1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const json = { 'Content-Type': 'application/json' };

// The invocation in hand; undefined while waiting for the next one.
let current;

// ---- The Runtime API. No call has a time-out: the process may be frozen inside any of them.

function open(method, name, headers, onResponse, through = agent) {
  const path = `/2018-06-01/runtime/${name}`;
  const request = http.request({ host, port, agent: through, method, path, headers }, onResponse);
  request.setNoDelay(true);
  return request;
}

function call(method, name, body = '', headers = {}, through = agent) {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const onResponse = (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    };
    const request = open(method, name, { ...headers, 'Content-Length': bytes.length }, onResponse, through);
    request.on('error', reject);
    request.end(bytes);
  });
}

// ---- Errors

async function reportError(error) {
  const document = documentOf(error);
  logError('Invoke Error', error);
  await call('POST', `invocation/${current.id}/error`, JSON.stringify(document), headersOf(document));
}

let initialized = false;
let dying = false;

// What nobody caught: answers the invocation in hand, then ends the process. On a connection of its own, because
// the other one may be busy.
async function die(kind, error, status) {
  if (dying) return;
  dying = true;
  try {
    logError(kind, error);
    const document = documentOf(error);
    const name = !initialized ? 'init/error' : current && `invocation/${current.id}/error`;
    if (name) await call('POST', name, JSON.stringify(document), headersOf(document), false);
  } finally {
    process.exit(status);
  }
}

// ---- Invocations

function header(headers, name) {
  const value = headers[name];
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8');
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parsed = (name) => (headers[name] ? JSON.parse(header(headers, name)) : undefined);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed('lambda-runtime-client-context'),
    identity: parsed('lambda-runtime-cognito-identity'),
    invokedFunctionArn: header(headers, 'lambda-runtime-invoked-function-arn'),
    awsRequestId: current.id,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// What to do when the event loop has nothing left to do: the invocation that then is still open will get no answer
// from its handler.
let whenIdle;
process.on('beforeExit', () => {
  const action = whenIdle;
  whenIdle = undefined;
  if (action) setImmediate(action);
});

// Runs a handler that answers with a promise or by its callback. The first answer counts.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let answered = false;
    const settle = (error, result) =>
      error === undefined || error === null ? resolve(result) : reject(error);
    const done = (error, result) => {
      if (answered) return;
      answered = true;
      settle(error, result);
    };
    const callback = (error, result) => {
      if (answered) return;
      answered = true;
      // An error is answered at once; a result may wait for what the handler has left behind.
      if (context.callbackWaitsForEmptyEventLoop && (error === undefined || error === null))
        whenIdle = () => settle(error, result);
      else settle(error, result);
    };
    const fail = (error) => {
      if (answered) return;
      answered = true;
      reject(error ?? 'handled');
    };
    const succeed = (result) => done(null, result);
    Object.assign(context, { done, succeed, fail });
    whenIdle = () => {
      if (types.isAsyncFunction(handler)) {
        fail(new Fault('Runtime.NodeJsExit', 'The Lambda Runtime client detected an unexpected Node.js exit code. ' +
          'This is most commonly caused by a Promise that was never settled. For more information, see ' +
          'https://nodejs.org/docs/latest/api/process.html#exit-codes'));
      } else {
        succeed(null);
      }
    };
    try {
      const result = handler(event, context, callback);
      if (typeof result?.then === 'function') result.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

async function stream(handler, event, context) {
  const { ResponseStream } = await import('./response_stream.mjs');
  const out = new ResponseStream((headers, onResponse) =>
    open('POST', `invocation/${current.id}/response`, headers, onResponse));
  try {
    const idle = new Promise((resolve, reject) => {
      whenIdle = () => reject(new Error('Response stream is not finished.'));
    });
    idle.catch(() => {});
    const result = await Promise.race([handler(event, out, context), idle]);
    if (result !== undefined) console.warn('Streaming handlers ignore return values.');
    await Promise.race([out.answered, idle]);
  } catch (error) {
    if (!out.begun) throw error;
    logError('Invoke Error', error);
    out.fail(error);
    await out.answered;
  }
}

async function next() {
  // When the Runtime API has gone, nobody is left to work for.
  const answer = await call('GET', 'invocation/next').catch(() => process.exit(1));
  if (answer.status !== 200) throw new Error(`the Runtime API answered ${answer.status} to next: ${answer.body}`);
  current = { id: answer.headers['lambda-runtime-aws-request-id'] };
  setLogRequestId(current.id);
  const trace = answer.headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  return answer;
}

async function invoke(handler, { headers, body }) {
  try {
    const context = contextOf(headers);
    const event = JSON.parse(body.toString('utf8'));
    if (handler[streamingMark]) {
      await stream(handler, event, context);
    } else {
      const result = stringify(await run(handler, event, context));
      whenIdle = undefined;
      // Whatever the answer to this is (413 for a result that is too big), there is a next event.
      await call('POST', `invocation/${current.id}/response`, result, json);
    }
  } catch (error) {
    whenIdle = undefined;
    await reportError(error);
  }
  whenIdle = undefined;
  current = undefined;
}

installConsole();
process.on('uncaughtException', (error) => die(initialized ? 'Invoke Error' : 'Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason, promise) => {
  const fault = new Fault('Runtime.UnhandledPromiseRejection', String(reason));
  die('Unhandled Promise Rejection', Object.assign(fault, { reason, promise }), 128);
});
try {
  const handler = await loadHandler(process.env.LAMBDA_TASK_ROOT ?? '/var/task', process.env._HANDLER ?? '');
  initialized = true;
  for (;;) {
    await invoke(handler, await next());
  }
} catch (error) {
  await die(initialized ? 'Invoke Error' : 'Uncaught Exception', error, 129);
}
