// The direct channel to the engine: one message in and one out for an invocation (src/base/channel_frame.h). It is spoken
// to like a connection to the Runtime API. An answer is the request for the next event, too. Streamed answers go over the
// Runtime API.
import fs from 'node:fs';
import { Socket } from 'node:net';

import { Connection } from './connection.mjs';

const READY = 1, EVENT = 2, RESULT = 3, ERROR = 4;
const FIXED = 16;  // type, size of the meta, size of the body
const META = ['lambda-runtime-aws-request-id', 'lambda-runtime-deadline-ms', 'lambda-runtime-invoked-function-arn',
  'lambda-runtime-trace-id', 'lambda-runtime-client-context', 'lambda-runtime-cognito-identity'];
const accepted = { status: 202, headers: {}, body: '' };
const { writeSync } = fs;  // before user code may patch it
const out = Buffer.allocUnsafe(65536);  // what fits is written from here, and nothing is left of it then

function frameOf(type, texts, body) {
  const metaSize = texts.reduce((size, text) => size + 4 + Buffer.byteLength(text), 0);
  const bodySize = Buffer.byteLength(body);
  const size = FIXED + metaSize + bodySize;
  const frame = size <= out.length ? out : Buffer.allocUnsafe(size);
  frame.writeUInt32LE(type, 0);
  frame.writeUInt32LE(metaSize, 4);
  frame.writeUInt32LE(bodySize, 8);
  frame.writeUInt32LE(0, 12);
  let at = FIXED;
  for (const text of texts) {
    const written = frame.write(text, at + 4);
    frame.writeUInt32LE(written, at);
    at += 4 + written;
  }
  frame.write(body, at);
  return frame.subarray(0, size);
}

// Its texts are copies.
function eventOf(frame, metaSize, size) {
  const headers = {};
  let at = FIXED;
  for (const name of META) {
    const end = at + 4 + frame.readUInt32LE(at);
    if (end > at + 4) headers[name] = frame.toString('utf8', at + 4, end);
    at = end;
  }
  return { status: 200, headers, body: frame.toString('utf8', FIXED + metaSize, size) };
}

export class Channel {
  constructor(fd) {
    this.received = [];
    this.size = 0;
    this.asked = false;
    this.fd = fd;
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
    if (kind === 'error') return this.send(frameOf(ERROR, [id, headers['Lambda-Runtime-Function-Error-Type'] ?? ''], body));
    return this.send(frameOf(RESULT, [id], body));
  }

  stream(name, headers) {
    this.http ??= new Connection();
    return this.http.stream(name, headers);
  }

  // Fulfilled when it is on its way. There is room for most answers: those cost no request of the event loop.
  async send(frame) {
    let written = 0;
    try {
      if (!this.socket.destroyed && this.socket.writableLength === 0) written = writeSync(this.fd, frame);
    } catch {
      // no room; or nobody is there any more, which the socket notices, too
    }
    if (written < frame.length) {
      const rest = Buffer.from(frame.subarray(written));
      await new Promise((resolve) => {
        this.socket.write(rest, resolve);
      });
    }
    return accepted;
  }

  // While it waits the process stays alive.
  next() {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) return reject(new Error('the engine closed the direct channel'));
      this.call = { resolve, reject };
      this.socket.ref();
      if (!this.asked) this.send(frameOf(READY, [], ''));
      this.asked = false;
      this.deliver();
    });
  }

  // The bytes are the next ones' place, too.
  take(bytes) {
    this.received.push(bytes);
    this.size += bytes.length;
    this.deliver();
    if (this.received.at(-1) === bytes) this.received[this.received.length - 1] = Buffer.from(bytes);
  }

  // One event at a time is on its way.
  deliver() {
    if (this.call === undefined || this.size < (this.wanted ?? FIXED)) return;
    const frame = this.received.length === 1 ? this.received[0] : Buffer.concat(this.received);
    this.received = [frame];
    const metaSize = frame.readUInt32LE(4);
    this.wanted = FIXED + metaSize + Number(frame.readBigUInt64LE(8));
    if (frame.length < this.wanted) return;
    const { call, wanted: size } = this;
    this.call = this.wanted = undefined;
    this.received = [];
    this.size = 0;
    this.socket.unref();
    if (frame.readUInt32LE(0) !== EVENT) return call.reject(new Error('the direct channel carries no event'));
    call.resolve(eventOf(frame, metaSize, size));
  }
}
