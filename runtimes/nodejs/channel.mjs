// The direct channel to the engine: one message in and one out for an invocation (src/base/channel_frame.h). It is spoken
// to like a connection to the Runtime API. An answer is the request for the next event, too. Streamed answers go over the
// Runtime API.
import { Socket } from 'node:net';

import { Connection } from './connection.mjs';

const READY = 1, EVENT = 2, RESULT = 3, ERROR = 4;
const FIXED = 16;  // type, size of the meta, size of the body
const META = ['lambda-runtime-aws-request-id', 'lambda-runtime-deadline-ms', 'lambda-runtime-invoked-function-arn',
  'lambda-runtime-trace-id', 'lambda-runtime-client-context', 'lambda-runtime-cognito-identity'];
const accepted = { status: 202, headers: {}, body: Buffer.alloc(0) };

function headOf(type, texts, bodySize) {
  const metaSize = texts.reduce((size, text) => size + 4 + Buffer.byteLength(text), 0);
  const head = Buffer.allocUnsafe(FIXED + metaSize);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(metaSize, 4);
  head.writeUInt32LE(bodySize, 8);
  head.writeUInt32LE(0, 12);
  let at = FIXED;
  for (const text of texts) {
    const size = head.write(text, at + 4);
    head.writeUInt32LE(size, at);
    at += 4 + size;
  }
  return head;
}

function eventOf(frame, metaSize) {
  const headers = {};
  let at = FIXED;
  for (const name of META) {
    const end = at + 4 + frame.readUInt32LE(at);
    if (end > at + 4) headers[name] = frame.toString('utf8', at + 4, end);
    at = end;
  }
  return { status: 200, headers, body: frame.subarray(FIXED + metaSize) };
}

export class Channel {
  constructor(fd) {
    this.received = [];
    this.size = 0;
    this.asked = false;
    // One buffer for all that comes: Node.js would make one of 64 KiB for each event, and collect it.
    const onread = { buffer: Buffer.allocUnsafe(65536), callback: (size, buffer) => this.take(buffer.subarray(0, size)) };
    this.socket = new Socket({ fd, readable: true, writable: true, onread });
    this.socket.on('error', () => {});  // close follows
    this.socket.on('close', () => this.call?.reject(new Error('the engine closed the direct channel')));
    this.socket.unref();
  }

  get busy() {
    return this.http?.busy ?? false;
  }

  request(method, name, body = '', headers = {}) {
    if (method === 'GET') return this.next();
    const [, id, kind] = name.split('/');
    this.asked = true;
    const bytes = Buffer.from(body);
    if (kind === 'error') return this.send(headOf(ERROR, [id, headers['Lambda-Runtime-Function-Error-Type'] ?? ''], bytes.length), bytes);
    return this.send(headOf(RESULT, [id], bytes.length), bytes);
  }

  stream(name, headers) {
    this.http ??= new Connection();
    return this.http.stream(name, headers);
  }

  // Fulfilled when it is on its way.
  send(head, body) {
    return new Promise((resolve) => {
      const done = () => resolve(accepted);
      if (body.length < 4096) return this.socket.write(Buffer.concat([head, body]), done);
      this.socket.cork();
      this.socket.write(head);
      this.socket.write(body, done);
      this.socket.uncork();
    });
  }

  // While it waits the process stays alive.
  next() {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) return reject(new Error('the engine closed the direct channel'));
      this.call = { resolve, reject };
      this.socket.ref();
      if (!this.asked) this.socket.write(headOf(READY, [], 0));
      this.asked = false;
      this.deliver();
    });
  }

  // The bytes are the next ones' place, too.
  take(bytes) {
    this.received.push(Buffer.from(bytes));
    this.size += bytes.length;
    this.deliver();
  }

  // One event at a time is on its way.
  deliver() {
    if (this.call === undefined || this.size < (this.wanted ?? FIXED)) return;
    const frame = this.received.length === 1 ? this.received[0] : Buffer.concat(this.received);
    this.received = [frame];
    const metaSize = frame.readUInt32LE(4);
    this.wanted = FIXED + metaSize + Number(frame.readBigUInt64LE(8));
    if (frame.length < this.wanted) return;
    const { call } = this;
    this.call = this.wanted = undefined;
    this.received = [];
    this.size = 0;
    this.socket.unref();
    if (frame.readUInt32LE(0) !== EVENT) return call.reject(new Error('the direct channel carries no event'));
    call.resolve(eventOf(frame, metaSize));
  }
}
