// The bootstrap of the managed runtimes nodejs*: loads the handler and answers events over Kiln's direct channel, or over
// the Runtime API where there is none.
// Node's built-ins only. Runtimes from nodejs24.x on know no callbacks.
import './order.mjs';  // the first: the others read the environment
import { Channel } from './channel.mjs';
import { Connection } from './connection.mjs';
import { Fault, documentOf, headersOf, initHeadersOf, modern } from './errors.mjs';
import { loadHandler, streamingMark, waterMark } from './handler.mjs';
import { installConsole, logError, setLogRequestId } from './logs.mjs';

const channel = process.env.KILN_CHANNEL_FD;  // functions don't see it
delete process.env.KILN_CHANNEL_FD;
const api = connected();  // before user code may patch anything
const json = { 'Content-Type': 'application/json' };

function connected() {
  try {
    if (channel !== undefined) return new Channel(Number(channel));
  } catch {
    // no such descriptor
  }
  return new Connection();
}

// The invocation in hand; undefined from the moment on that its answer goes out.
let current;
let answering;

async function answer(kind, body, headers) {
  const { id } = current;
  current = undefined;
  answering = api.request('POST', `invocation/${id}/${kind}`, body, headers);
  await answering;
}

// ---- Errors

async function reportError(error) {
  try {
    logError('Invoke Error', error);
  } catch (failure) {
    return reportError(failure);  // what can't be shown is no use as an error
  }
  const document = documentOf(error);
  return answer('error', JSON.stringify(document), headersOf(document));
}

let initialized = false;
let dying = false;

// What nobody caught: answers the invocation in hand, then ends the process.
async function die(kind, error, status) {
  if (dying) return;
  dying = true;
  try {
    logError(kind, error);
    await answering;
    const document = documentOf(error);
    // On a connection of its own where the other is in the middle of an answer; over the channel an answer would bring the
    // next event.
    const through = api.busy || api instanceof Channel ? new Connection() : api;
    if (!initialized) await through.request('POST', 'init/error', JSON.stringify(document), initHeadersOf(document));
    else if (current)
      await through.request('POST', `invocation/${current.id}/error`, JSON.stringify(document), headersOf(document));
  } finally {
    process.exit(status);
  }
}

// ---- Invocations

function parsed(text, name) {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (modern) throw new Fault('Runtime.PlatformError', `Failed to parse ${name.header} as JSON: ${error.message}`);
    throw new Error(`Cannot parse ${name.plain} as json: ${error}`);
  }
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const trace = headers['lambda-runtime-trace-id'];
  return {
    ...(!modern && { callbackWaitsForEmptyEventLoop: true }),
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(headers['lambda-runtime-client-context'],
      { plain: 'ClientContext', header: 'lambda-runtime-client-context' }),
    identity: parsed(headers['lambda-runtime-cognito-identity'],
      { plain: 'CognitoIdentity', header: 'lambda-runtime-cognito-identity' }),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: current.id,
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    ...(modern && { xRayTraceId: trace }),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// What to do when the event loop has nothing left to do: the invocation that then is still open will get no answer
// from its handler.
let whenIdle;
if (!modern) {
  process.on('beforeExit', () => {
    const action = whenIdle;
    whenIdle = undefined;
    if (action) setImmediate(action);
  });
}
const idle = () => new Promise((resolve) => {
  whenIdle = resolve;
});

// Runs a handler that answers with a promise or by its callback. The first answer counts.
function runWithCallbacks(handler, event, context) {
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
      if (handler.constructor?.name === 'AsyncFunction') {
        fail(new Fault('Runtime.NodeJsExit', 'The Lambda runtime client detected an unexpected Node.js exit code. ' +
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

const turn = () => new Promise((resolve) => {
  setImmediate(resolve);
});

async function run(handler, event, context) {
  if (!modern) return runWithCallbacks(handler, event, context);
  try {
    return await handler(event, context);
  } finally {
    await turn();
  }
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    const message = 'Unable to stringify response body';
    throw modern ? new Fault('Runtime.JSONStringifyError', message) : new Error(message);
  }
}

async function stream(handler, event, context) {
  const { ResponseStream } = await import('./response_stream.mjs');
  const out = new ResponseStream((headers) => api.stream(`invocation/${current.id}/response`, headers), handler[waterMark]);
  const unfinished = idle().then(() => {
    throw new Error('Response stream is not finished.');
  });
  unfinished.catch(() => {});
  try {
    const promise = handler(event, out, context);
    if (typeof promise?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
    const result = await Promise.race([promise, unfinished]);
    if (result !== undefined) console.warn('Streaming handlers ignore return values.');
    await Promise.race([out.answered, unfinished]);
  } catch (error) {
    if (!out.begun) throw error;
    logError('Invoke Error', error);
    out.fail(error);
    await out.answered;
  }
  if (!modern && context.callbackWaitsForEmptyEventLoop) await idle();
}

async function next() {
  // When the Runtime API has gone, nobody is left to work for.
  const event = await api.request('GET', 'invocation/next').catch(() => process.exit(1));
  if (event.status !== 200) throw new Error(`the Runtime API answered ${event.status} to next: ${event.body}`);
  current = { id: event.headers['lambda-runtime-aws-request-id'] };
  setLogRequestId(current.id);
  const trace = event.headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  return event;
}

async function invoke(handler, { headers, body }) {
  try {
    const context = contextOf(headers);
    const event = JSON.parse(body.toString());
    if (typeof event?.ResponseURL === 'string') (await import('./custom_resource.mjs')).reach(event.ResponseURL);
    if (handler[streamingMark]) {
      await stream(handler, event, context);
    } else {
      const result = stringify(await run(handler, event, context));
      whenIdle = undefined;
      // Whatever the answer to this is (413 for a result that is too big), there is a next event.
      await answer('response', result, json);
    }
  } catch (error) {
    whenIdle = undefined;
    await reportError(error);
  }
  whenIdle = current = undefined;
}

async function load() {
  try {
    return await loadHandler(process.env.LAMBDA_TASK_ROOT ?? '/var/task', process.env._HANDLER ?? '');
  } catch (error) {
    return die(modern ? 'Init Error' : 'Uncaught Exception', error, modern ? 1 : 129);
  }
}

async function serve() {
  const handler = await load();
  initialized = true;
  for (;;) await invoke(handler, await next());
}

installConsole();
if (!modern) {
  process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason, promise) => {
    const fault = new Fault('Runtime.UnhandledPromiseRejection', String(reason));
    die('Unhandled Promise Rejection', Object.assign(fault, { reason, promise }), 128);
  });
}
// Not awaited here: a handler whose promise never settles ends the process without a status of its own.
serve().catch((error) => die('Invoke Error', error, 129));
