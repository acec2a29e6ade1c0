// The stream that a streaming handler writes its answer to: a chunked call of the Runtime API, which starts with
// the first byte and ends with trailers when the handler fails after that.
import { Writable } from 'node:stream';

import { documentOf, headersOf } from './errors.mjs';

export class ResponseStream extends Writable {
  // start(headers, onResponse) opens the call.
  constructor(start) {
    super({ highWaterMark: 64 * 1024 });
    this.start = start;
    this.contentType = 'application/octet-stream';
    this.answered = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.answered.catch(() => {});
    // Whoever destroyed the stream knows the error; here it must not end the process.
    this.on('error', () => {});
  }

  get begun() {
    return this.request !== undefined;
  }

  setContentType(type) {
    if (this.begun) throw new Error('Cannot set content-type, too late.');
    this.contentType = type;
  }

  write(chunk, ...rest) {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) chunk = JSON.stringify(chunk);
    return super.write(chunk, ...rest);
  }

  begin() {
    if (this.begun) return this.request;
    const headers = {
      'Content-Type': this.contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    };
    this.request = this.start(headers, (response) => response.resume().on('end', this.resolve));
    this.request.on('error', this.reject);
    this._onBeforeFirstWrite?.((bytes) => this.request.write(bytes));
    return this.request;
  }

  _write(chunk, encoding, done) {
    this.begin().write(chunk, encoding, done);
  }

  _final(done) {
    this.begin();
    if (this.failure) this.addErrorTrailers();
    this.request.end(done);
  }

  addErrorTrailers() {
    const document = documentOf(this.failure);
    this.request.addTrailers({
      'Lambda-Runtime-Function-Error-Type': headersOf(document)['Lambda-Runtime-Function-Error-Type'],
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(document)).toString('base64'),
    });
  }

  // Ends an answer that has begun, with the error in its trailers after what was written.
  fail(error) {
    this.failure = error ?? 'handled';
    if (!this.destroyed && !this.writableEnded) {
      this.end();
    } else if (!this.request.writableEnded) {
      // Destroyed, as by pipeline() when its source fails.
      this.addErrorTrailers();
      this.request.end();
    }
  }
}
